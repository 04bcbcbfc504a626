/** Whether a key or certificate is in DER (binary) form, not PEM. */
#define MG_IS_DER(buf) (((const uint8_t *) (buf))[0] == 0x30)
