/** Size of X25519 keys and shared secrets. */
#define X25519_BYTES 32

/** What AES-GCM implementations elsewhere return for a bad tag. mg_aes_gcm_decrypt() returns -1. */
#define GCM_AUTH_FAILURE 0x55555555

/** Sizes of ChaCha20-Poly1305 (RFC 8439). */
#define RFC_8439_TAG_SIZE 16
#define RFC_8439_KEY_SIZE 32
#define RFC_8439_NONCE_SIZE 12

/* Settings of the elliptic-curve code, for programs that mention them. */
#define mg_uecc_arch_other 0
#define mg_uecc_x86 1
#define mg_uecc_x86_64 2
#define mg_uecc_arm 3
#define mg_uecc_arm_thumb 4
#define mg_uecc_arm_thumb2 5
#define mg_uecc_arm64 6
#define mg_uecc_avr 7
#ifndef MG_UECC_PLATFORM
#if defined(__x86_64__)
#define MG_UECC_PLATFORM mg_uecc_x86_64
#elif defined(__aarch64__)
#define MG_UECC_PLATFORM mg_uecc_arm64
#else
#define MG_UECC_PLATFORM mg_uecc_arch_other
#endif
#endif
#ifndef MG_UECC_OPTIMIZATION_LEVEL
#define MG_UECC_OPTIMIZATION_LEVEL 2
#endif
#ifndef MG_UECC_SQUARE_FUNC
#define MG_UECC_SQUARE_FUNC 0
#endif
#ifndef MG_UECC_ARM_USE_UMAAL
#define MG_UECC_ARM_USE_UMAAL 0
#endif
#ifndef MG_UECC_SUPPORTS_secp256r1
#define MG_UECC_SUPPORTS_secp256r1 1
#endif
#ifndef MG_UECC_SUPPORTS_secp384r1
#define MG_UECC_SUPPORTS_secp384r1 1
#endif
#ifndef MG_UECC_SUPPORT_COMPRESSED_POINT
#define MG_UECC_SUPPORT_COMPRESSED_POINT 1
#endif
#define HIGH_BIT_SET 0x8000000000000000U
#define MG_UECC_WORD_BITS 64
#define MG_UECC_WORD_BITS_SHIFT 6
#define MG_UECC_WORD_BITS_MASK 0x3f

/** Incomplete: a curve, only handled by pointer. */
struct MG_UECC_Curve_t;
