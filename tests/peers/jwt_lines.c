// Signs and checks JSON Web Tokens: one line with tabs in, one line out, the claims or token, or `-`.
//
//   sign HS256 SECRET KID CLAIMS      verify HS256 SECRET TOKEN
//   sign ES256 KEYFILE KID CLAIMS     verify ES256 KEYFILE TOKEN
#include "mongoose.h"

// Both keys of a P-256 private key file.
static bool load(const char *path, uint8_t *private_key, uint8_t *public_key) {
  struct mg_str file = mg_file_read(&mg_fs_posix, path);
  size_t n = mg_uecc_parse_private_key(file, private_key, 32);
  mg_free(file.buf);
  return n == 32 && mg_uecc_compute_public_key(private_key, public_key, mg_uecc_secp256r1()) == 1;
}

int main(void) {
  static char line[20000], result[20000];
  while (fgets(line, sizeof(line), stdin) != NULL) {
    char *field[5] = {NULL}, *p = line;
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < 5 && p != NULL; i++) {
      field[i] = p;
      if ((p = strchr(p, '\t')) != NULL) *p++ = '\0';
    }
    if (field[3] == NULL) return 1;
    bool es256 = strcmp(field[1], "ES256") == 0;
    uint8_t private_key[32], public_key[64];
    struct mg_jwt_opts opts = {.secret = mg_str(field[2]), .private_key = private_key, .public_key = public_key};
    if (es256 && !load(field[2], private_key, public_key)) return 2;
    size_t n;
    if (strcmp(field[0], "sign") == 0) {
      opts.kid = mg_str(field[3]);
      opts.claims = mg_str(field[4]);
      n = (es256 ? mg_jwt_sign_es256 : mg_jwt_sign_hs256)(&opts, result, sizeof(result));
    } else {
      n = (es256 ? mg_jwt_verify_es256 : mg_jwt_verify_hs256)(mg_str(field[3]), &opts, result, sizeof(result));
    }
    puts(n > 0 ? result : "-");
  }
  return 0;
}
