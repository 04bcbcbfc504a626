// mg_uecc_parse_private_key(): SEC 1 and PKCS #8, PEM and DER, other keys, damaged keys.

#include "mongoose.h"

// Keys made for this test.
static const char s_ec[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIJoEo56m1VrwMiyS3B0POrpCs3jegp9lPgs8wbWKJ1qqoAoGCCqGSM49\n"
    "AwEHoUQDQgAElBn7gTj/+xAR+Jc7hfFJLEwd+4bFiK6MSPY57aDaFeiAm78+HFxq\n"
    "Dxodz546Z6xG1FyjfhcdxSJ0MLfF4o3g9A==\n"
    "-----END EC PRIVATE KEY-----\n";

static const char s_ec8[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgmgSjnqbVWvAyLJLc\n"
    "HQ86ukKzeN6Cn2U+CzzBtYonWqqhRANCAASUGfuBOP/7EBH4lzuF8UksTB37hsWI\n"
    "roxI9jntoNoV6ICbvz4cXGoPGh3PnjpnrEbUXKN+Fx3FInQwt8XijeD0\n"
    "-----END PRIVATE KEY-----\n";

static const char s_ecnopub[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MDECAQEEIJoEo56m1VrwMiyS3B0POrpCs3jegp9lPgs8wbWKJ1qqoAoGCCqGSM49\n"
    "AwEH\n"
    "-----END EC PRIVATE KEY-----\n";

static const char s_eccomp[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MFcCAQEEIJoEo56m1VrwMiyS3B0POrpCs3jegp9lPgs8wbWKJ1qqoAoGCCqGSM49\n"
    "AwEHoSQDIgAClBn7gTj/+xAR+Jc7hfFJLEwd+4bFiK6MSPY57aDaFeg=\n"
    "-----END EC PRIVATE KEY-----\n";

static const char s_ecexp[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MIIBaAIBAQQgmgSjnqbVWvAyLJLcHQ86ukKzeN6Cn2U+CzzBtYonWqqggfowgfcC\n"
    "AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////\n"
    "MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr\n"
    "vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE\n"
    "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W\n"
    "K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8\n"
    "YyVRAgEBoUQDQgAElBn7gTj/+xAR+Jc7hfFJLEwd+4bFiK6MSPY57aDaFeiAm78+\n"
    "HFxqDxodz546Z6xG1FyjfhcdxSJ0MLfF4o3g9A==\n"
    "-----END EC PRIVATE KEY-----\n";

static const char s_ec384[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MIGkAgEBBDDNwo+4v4/rqMlu4p+xHffTLJbky1Hffa3KEMfTFCmbJZ+ac6F+ly9z\n"
    "aITxaXJOyvCgBwYFK4EEACKhZANiAAT+5tTpSypZJd/6FFg9oTJrIzuO4Cuzh75l\n"
    "GA0GNX8op9GVa+F8p6WAr2T2KmDRWh4qy6ov5/OKTkNE8sol44Eulci4owBur8bD\n"
    "YxzXaPPTGqcAyL1a9LM2cZPtEpFg2gU=\n"
    "-----END EC PRIVATE KEY-----\n";

static const char s_ed[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIL19xTbytAaqzsWh8PVZl5DEOkjrgiQQ/fvIyG9Lrjtt\n"
    "-----END PRIVATE KEY-----\n";

static const char s_ecenc[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,37322857AE28A639BB6C188ABB9E0071\n"
    "\n"
    "iCQtQ15Vp/9wd9cE0Vw0hhk2sYI5F5eFCF76u7cb6isUr1YXyskHlbvHxADk6Pf1\n"
    "/ex10WeeFA6D65Fs/2kdQRl6gVdRwCdrQown7KwlCgpxUdjiX77JB1KsLZJOM4Cq\n"
    "8r9ZD+keagTQ4cGa0yc4EycSr/0nwH1xSzTXp+fLe8M=\n"
    "-----END EC PRIVATE KEY-----\n";

static const char s_ec8enc[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjn6BbACQmeEAICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMP9kr7fZKlWPBCnHnO+I3MEgZAD\n"
    "3TrbcZEN/pdX+tsyCr5BPifijKtC27UGzO9/hVgNSOmcL9x2aNg/2dHex4LLkUDP\n"
    "TOEqRwnkzHVu+X6Seqjgzhx07kr3ruqwXojxNU9jRM+oqqJUjHtGquShUSQhNumD\n"
    "/7K0GZYYTxNvZcD69ihwPmkbbCzL2p4YholxcdXrtWGOPKWTL8T5on0pVpxHOZQ=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char s_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBbjCCAROgAwIBAgIULHEh0dUWV9Rka5XJsiS5vucSJSEwCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBeDAeFw0yNjExMjYxNTE2MjVaFw0zNTAyMTIxNTE2MjVaMAwx\n"
    "CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASUGfuBOP/7EBH4\n"
    "lzuF8UksTB37hsWIroxI9jntoNoV6ICbvz4cXGoPGh3PnjpnrEbUXKN+Fx3FInQw\n"
    "t8XijeD0o1MwUTAdBgNVHQ4EFgQU2NbqDdGoKM5eNCFfkGZg8H/ObPAwHwYDVR0j\n"
    "BBgwFoAU2NbqDdGoKM5eNCFfkGZg8H/ObPAwDwYDVR0TAQH/BAUwAwEB/zAKBggq\n"
    "hkjOPQQDAgNJADBGAiEA1Kx9QKI3dlD8WYDB3EBGPJdnGuD3GL7EdQB32WIE1HEC\n"
    "IQCW5mbrYcpICETvzBFD1J1D/orGwcM6eXRQGdw8kxzgVw==\n"
    "-----END CERTIFICATE-----\n";

static const char s_ec_params[] =
    "-----BEGIN EC PARAMETERS-----\n"
    "BggqhkjOPQMBBw==\n"
    "-----END EC PARAMETERS-----\n"
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIKaj941p6OOO2DfQWP9fOyaIq0auXug7IVdGs0pFOy6doAoGCCqGSM49\n"
    "AwEHoUQDQgAEHQc4lr6e6R4i9/mai7L+fwLMQiq6oemfRLMQwVLPnQgnhrphjPIy\n"
    "jXHaXlIbFAgqNIGgLuBD+7UMTQPMxLGnYQ==\n"
    "-----END EC PRIVATE KEY-----\n";

static const char s_der[] =
    "307702010104209a04a39ea6d55af0322c92dc1d0f3aba42b378de829f653e0b3cc1b58a275aaaa00a06082a8648ce3d030107a14403"
    "4200049419fb8138fffb1011f8973b85f1492c4c1dfb86c588ae8c48f639eda0da15e8809bbf3e1c5c6a0f1a1dcf9e3a67ac46d45ca3"
    "7e171dc5227430b7c5e28de0f4";

static const char s_der8[] =
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104209a04a39ea6d55af0322c92dc1d0f3aba42b3"
    "78de829f653e0b3cc1b58a275aaaa144034200049419fb8138fffb1011f8973b85f1492c4c1dfb86c588ae8c48f639eda0da15e8809b"
    "bf3e1c5c6a0f1a1dcf9e3a67ac46d45ca37e171dc5227430b7c5e28de0f4";

static size_t unhex(const char *text, char *to) {
  size_t n = strlen(text) / 2;
  for (size_t i = 0; i < n; i++) {
    unsigned byte = 0;
    sscanf(text + 2 * i, "%2x", &byte);
    to[i] = (char) byte;
  }
  return n;
}

static void parse(const char *label, const char *file, size_t len) {
  uint8_t key[40];
  memset(key, 0x5a, sizeof(key));
  size_t n = mg_uecc_parse_private_key(mg_str_n(file, len), key, sizeof(key));
  printf("%s: %zu ", label, n);
  for (size_t i = 0; i < (n ? 34 : 0); i++) printf("%02x", key[i]);
  printf("\n");
}

static void text(const char *label, const char *file) {
  parse(label, file, strlen(file));
}

int main(void) {
  char buf[4000];
  mg_log_set(MG_LL_NONE);
  text("SEC 1", s_ec);
  text("PKCS #8", s_ec8);
  text("SEC 1 without public key", s_ecnopub);
  text("SEC 1 with compressed public key", s_eccomp);
  text("explicit curve", s_ecexp);
  text("P-384", s_ec384);
  text("Ed25519", s_ed);
  text("encrypted SEC 1", s_ecenc);
  text("encrypted PKCS #8", s_ec8enc);
  text("certificate", s_cert);
  text("parameters and key", s_ec_params);
  snprintf(buf, sizeof(buf), "%s%s", s_ec, s_cert);
  text("key and certificate", buf);
  snprintf(buf, sizeof(buf), "%s%s", s_cert, s_ec);
  text("certificate and key", buf);
  snprintf(buf, sizeof(buf), "some text\n%sand more\n", s_ec);
  text("text around", buf);
  snprintf(buf, sizeof(buf), "%s%s", s_ec384, s_ec);
  text("P-384 key before", buf);

  size_t n = 0;
  for (const char *p = s_ec; *p; p++) {
    if (*p == '\n') buf[n++] = '\r';
    buf[n++] = *p;
  }
  parse("CR LF", buf, n);
  n = 0;
  for (const char *p = s_ec; *p; p++) {
    if (*p != '\n') buf[n++] = *p;
  }
  parse("one line", buf, n);
  n = 0;
  for (const char *p = s_ec; *p; p++) {
    buf[n++] = *p;
    if (*p == '\n') buf[n++] = ' ';
  }
  parse("indented", buf, n);

  n = unhex(s_der, buf);
  parse("SEC 1 DER", buf, n);
  buf[n] = 0;
  parse("SEC 1 DER and a NUL", buf, n + 1);
  int found = 0;
  uint8_t key[32];
  for (size_t i = 0; i < n; i++) {
    // An exact copy lets the sanitizers see what is read.
    char *cut = (char *) malloc(i + 1);
    memcpy(cut, buf, i);
    found += mg_uecc_parse_private_key(mg_str_n(cut, i), key, sizeof(key)) > 0 && i < 60;
    free(cut);
  }
  printf("cut before the end of the key: %d\n", found);
  found = 0;
  for (size_t i = 0; i < strlen(s_ec); i++) {
    char *cut = (char *) malloc(i + 1);
    memcpy(cut, s_ec, i);
    found += mg_uecc_parse_private_key(mg_str_n(cut, i), key, sizeof(key)) > 0 && i < 100;
    free(cut);
  }
  printf("PEM cut before the end of the key: %d\n", found);
  n = unhex(s_der8, buf);
  parse("PKCS #8 DER", buf, n);

  static const char *const made[][3] = {
      {"least SEC 1 there is", "30250201010420", ""},
      {"named curve", "30310201010420", "a00a06082a8648ce3d030107"},
      {"other curve", "302e0201010420", "a00706052b8104000a"},
      {"other version", "30250201020420", ""},
  };
  const char *number = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
  for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
    char hex[300], der[150];
    snprintf(hex, sizeof(hex), "%s%s%s", made[i][1], number, made[i][2]);
    parse(made[i][0], der, unhex(hex, der));
  }
  for (int i = 0; i < 2; i++) {
    memcpy(buf, "\x30\x25\x02\x01\x01\x04\x20", 7);
    memset(buf + 7, i ? 0xff : 0, 32);
    parse(i ? "key ff..." : "key 0", buf, 39);
  }
  parse("32 bytes", number, 32);
  parse("nothing", "", 0);
  parse("NULL", NULL, 0);
  printf("without room: %zu\n", mg_uecc_parse_private_key(mg_str(s_ec), key, 31));
  printf("exact room: %zu\n", mg_uecc_parse_private_key(mg_str(s_ec), key, 32));
  printf("without buffer: %zu\n", mg_uecc_parse_private_key(mg_str(s_ec), NULL, 32));
  return 0;
}
