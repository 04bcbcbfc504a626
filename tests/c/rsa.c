// RSA: powers, private operation, what a signature contains.

#include "mongoose.h"

static void show(const char *label, const uint8_t *p, size_t n) {
  printf("%s: ", label);
  for (size_t i = 0; i < n; i++) printf("%02x", p[i]);
  printf("\n");
}

static size_t unhex(const char *text, uint8_t *to) {
  size_t n = strlen(text) / 2;
  for (size_t i = 0; i < n; i++) {
    unsigned byte = 0;
    sscanf(text + 2 * i, "%2x", &byte);
    to[i] = (uint8_t) byte;
  }
  return n;
}

static uint64_t fold(const uint8_t *p, size_t n) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n; i++) sum = (sum ^ p[i]) * 1099511628211u;
  return sum;
}

static uint32_t s_state = 23;
static uint8_t next(void) {
  return (uint8_t) ((s_state = s_state * 1664525u + 1013904223u) >> 24);
}

// Keys made for this test, of random primes.
static const struct key {
  int bits;
  const char *n, *d, *p, *q, *dP, *dQ, *qInv;
} s_keys[] = {
    {2048,
     "c9cdef0b2ca9e55ce9bf8dd420fc667a71e8cd9d57b2d14ec758368a8f02f0e181d77dde28b26eee76aabfa11bdf31f47cec72625131"
     "fa513db3b2a61f27f7b2b97a28a2d230b2bef0f576d301aea574a64415e85c82d5e379721512ade7dfc7887e560ed1d627beed87fa31"
     "3368100395d2c70a4f5a8dc01cd37f8a43a0cc307e1d63158adf912bceb6a2528d3fb99f643baa19cabffc2137ef0114791c7225d0fa"
     "e4e3c34f2ee3ff2c861a0df1952e29e397037ee6574dd22870b330ca9ec3da30936ab0f3492299466ec22dc31f879f575eed17dbc2fa"
     "aa8ef4443db5b9580578e37667de27d1ed9d8e0c0a40a93f64bb309d02fd29b950d61d728ca8dc75",
     "1170544f38e582f136848673105954af116ce167ceb8f5d16d9f37dcb2b864572315f0c5e3ea6cca4fed8d706a022d9a47b954611ea1"
     "c7a9d6ea7d18fc9442eebf8c738fd918bae4392fb266fae6e6b15fdf7e57d2b6be58fbee59d7d56360e3d343124366eaaf6096678112"
     "ae088e14613c1255d7befc2f8a78d45fff06c43392757190cb0dac8bf23016908df425f34bc0e137e3c5393bcc333a4ef2c6b23008da"
     "778f971a90b4fcaf5737bcd462510243999e5a18847f95bd2ff9e2be4a1ba345da073a0307c720b63ae283b301714d3d52b827b30101"
     "4afab5bcebe3c88bb606ebf08df93f67b63e891716dca3c19e8d7dddac32340888210e2be737a779",
     "f8f90b5d52dbdc96ea7610fd75874bb2685fba00d4e63a8b475a6690b58c6ccc47cc741d2eaa4a96d6538cedb99c53de586193e45d60"
     "dec912513af30462273def9ff57332e99bf4556e29cc56d1a24460510e9159698002881b00b182f3647d473910ccef548730be6c8ad4"
     "0a9a23bd31cbbbca21783d4b18575aaabe492a97",
     "cf8012d97d8bb973590e2d6f4978e88aa2a68632786fe7cfbc20f37f1aab7dad6a7366d414d53ccc91bbe5a82f051a7ea71471fde78f"
     "d73302f28686763b588c178513a075a6073f8a63fec581976c5f7b7a65b00b3581c9c1c74db987d41f2d13c668b316842409688723b1"
     "06432ad9846e7540d79485f799bb049cf37d8ed3",
     "0b1e9c5a53ac0c23155fa68c9b662a8452530c2ca3559101cd730527ab64152bde7d0c268d81ff88d313b2349fd8928a58aa2affc507"
     "e18b5b6d1353ed3b31037c2349c4165f069f17fdae9238c26e1bddad61182ec51e797e78ae443f53fd85f6db5e9bb888aeed076433a3"
     "1ac21d9c828fd5d8463c67886612e8b2bd82e90b",
     "cb011cefe510eee577ca140f5d8d49cc606694c209ec4999860fa2c9c658e2c2e77371b5a9901944768ba29a912de806e30570a49c88"
     "b05c7ad4b5621587e8105eee560e552b92c9ca661c1a34b7e551e0e715574f101123474eeaaec9c170a2d446f7a5c6308f6518fba5a2"
     "8a62ea2816954e679ac1f6f30f56d5a38be059fb",
     "f5d33e5b6c596df39bcfe5a6b21b108424d6dc5f3ae9004f69d830f074b70f371ce155c433835ff4b819031285183751b0a164fb7cc3"
     "82d56a4890e022a5fabee25519fe83d1ec840cacd3ab2918a277b10fb6251ca9883f82699c4d036343c570f9af1164136e71491cfa57"
     "0a6d7298731b319a3959cdbedda656471fde17d2"},
    {4096,
     "9a0d26139c40c7dec620be204fb44c2eee9ff791aeee3f1253b9594cdbd72571fe9e72115877e8348623e01f8d4eb5c946eb4c191798"
     "a51918f5f6b05e38d9a02d08c92a9fbba733307903dbd81d5986a7b19b77c236104d62db8d3febf67fd3cb5cfcf5b571094320fd399e"
     "580a1e9516c99f9fb48bab9ae07bc5518465f38969ddc8a4b7231961c41ef2a75bf24d8ce89fb7304c29cf14fc413b1ff002b9df4d63"
     "440f8169f820e4af6a9fcb9efacd488435326325f5d0a60270fc4925e507ade77a74812628619b94d94897fa91acd163435b4257ffab"
     "f042135216780a693c9a95166c8970b514e47e61bad0bb52e6f55ef8aad4540a49eaf2423be8427b66a0c88eac4c2c8b0d8fd3d0e143"
     "1582ac3a6f9c3a46f76ebdf94880f65a1f7fd3acb2497f7cf86d1ad53de3f57c8ae191c9ad26cfec38857e6a615d08f5dad189f48628"
     "8dbc495f856ca9cce393007c24a8aed194fc472f80d86d3e80b41a090558b3b1b1f790d9d02ce763587c2c0477fd0eb2b2966c4e77c7"
     "27dfb2dddca295188dc384b18fc8b947cf594e9cee83a1d2d16de798f77dbd6b0d2db8fc51a5e96f360c83efa8a2bc9af7e40fd741a6"
     "136caed558fc1ad9536f183361a05b16a5dc3a7098a897f9a13232a68dbcf4e1a89df15d06949e6bf50c2610e83b3dbc3efc0ccc7c0b"
     "186d4b98ccd5512fd019e1a42bafb7e240e5c4ed6327819bfc41",
     "0256dedc31f5890b7774586ac6c71397ec05fd6fe6b405bcc0f7cf34e3cae9e31d4feee66cf2b4dc74fe8463ba45116d371606e3c3d2"
     "d76150e542f67541d55531908ba1d44738b010c5550335ee3bd58284526545cb8576700b953827a748943b91f9373fd17c526584cee6"
     "e4df9cccb1b49a077b9f2f848f3235f77ef9bf87b7a0b770553b1e57d899c9e073d21e191cbb0dd5e3b6dd51b70dc45df5153783c8c9"
     "dad1b0f588dff2aa681ae3dad179c3fc84f9c8f2bd94ea411e7c8848553e11fc7244ba102d7c0e4d504f8cc645c775ee5fd519e61a9d"
     "9e97aef1d7cc96c78d14ec5cbe2fc7f33f5803c421bea91f911eb559deef3bea4eea775212953c4adbccf12fc5d280e4eb50ee9b2647"
     "e312ad016530f801bccb14efeb54700faf9851493976a0dd4fbcdbf3f704d0eed08e8fcf3bba15780d7f0767e799a36fabf56135ef58"
     "671dd4e65079a0e45758d38bcff6cdcc2190d05085710cbda51deb0b4099f297f1309cc985b6771711b23c7066080e20b6287320c55b"
     "e0ab27be8a33ef6bada363db5d091b3ad8e19cbed1b3284f417364eef10af886ce33e025b533a5e3b9725d7702dad365ec3c1133f13f"
     "61fd7cc97fe6469cb57694feca657209f0610530c2c168b0a841277d60357293cb94775fba7814ac104c25bedf13aec1380d468a4c94"
     "b42ba280f36b81e861db0f9e31a2a9af366788eeb7f1de410fa1",
     "d634d623d6ff23f87271b8853a56b385c71ffc6a5840b66b99b906977e76b4e04a1387e82b10a1116c2796d33a89983e70eb32e85a96"
     "d7b38c7053385bc8d389a6e9d8fb47db8b9e51a8c5329d01e0b2d7c9d3701e9b6b993c87744fc1e5920731b56c4e7adb1944ea274d6e"
     "784dd515f7138f6ddab9f378453e94f42d735bfdbfa30e6edbd6b1b8c389d49c699cfc2d8358d142a6ba352d8cc75ce32e5be622e05a"
     "759ddf5e180f59b97a29fd352f67fb8d15aa361147d49df6f46b42481c67c637054a0d3ef054c88f976088d7b625ad520c183e6e0cd9"
     "9a5f9397a987f6afcc16c40de0b0247e44127941f433be2d5ffc642745e48b395083170a3511af31",
     "b81bb1951216382b7cbfb36ab87599b1d93ddac6d2bdb6531d224bd4ae9271caec294241434a3310dd459eb7ff599613749bac65d42f"
     "5ece3816f88e8a2d42586717b1f777b30393c4c07c978e5de06af7e3bb0fa7a19264a6cbf26b668193ce83a97cf114c72dd153a6278d"
     "e338b0c7430187638d469ff1905a5f45a92481877781fabdec2c88c6ad449f7102af56f954a836d051c019d3b6e5b78de667b2367efa"
     "e0aba133ecc5704cd741cfaa1721cfc0c9a6428a250c20b6cc1be1298d6a4f64271cd91321ac4c7dee51dab63f79c76019a6b2ffdf56"
     "30e7befb107de17a50bfdac4e63b0b831355db965d9fbb145fa2974e7c5577a8eab84ab2e4927a11",
     "c0e4839172a1ff3a5394a49d1493cec5c132c492df36270f6e3678012418b178e83bfe3ecbc905c232aad3df12efa4f155adf701d5d1"
     "d01c17736efd6969c75445c27f6a88a2e36f86097ccabf2859b7b32a4404cb0b1a31bb981edd53b5ef721b094ca6bf6b5dadf94dbb24"
     "a7a12f29c07d14c3d01b736bf2af1063722a57c48135cc61780635b43421821bf7df2e17ae17e519281ab69876157148030f2e866992"
     "0c284664ed35a58ea8bbf71055c845761ef4500befab3f348b95aaf254e1fe54bda69996fbc4dd76b0d275680ad692e5378efd690c99"
     "47b299ae113426a8d818082497190743ccf8f5c8b6a781b24aa5756b083d6e42068685d0e3493181",
     "68df0589c792b68e36f22fae23c28138e8692e7cc0c065e1f41f7c187b145a135ff0a497ee4f8ec51575b9d24f76e560d1b477404ddc"
     "69e187dbb5dbe3e3a1fe1f43451194b278e02c5c04dc83b0ffcb8ec6bee04cf9611d4a51b415ef7ef205d9c3aab2dcc614583f90cec9"
     "28dc3afe5631c1c03852397b6d61bd113e26d84da50a7a1cc3321efb24e988f4e3b5a3124561c84f63b1cc4467d3747a34fb6e6d5269"
     "6f9ef42552c2a8946cad45303b1afc6f71adee0b28cd3eb9418cc3f65a626b34be7ed53beb9b6cbaf30cd74ba6dea46e1e4e717a04ea"
     "e0d2b15bebe9f88d2700120ac4a66f894b7345b0e245c157fa9df0183a04a933a3f8343cb0acab31",
     "65026beaace4d2d927e9b48a3287002d72146f2a692bcccdb53213196a1af3a465e143ab2c0bfaace7337781b185190e31828f2407a2"
     "86dccc1c73e75d52383ad7206a7ac2a768492b352467963157551571504bba4da58d42c022f6658fd74d31c12b2a165a1e385635dfe1"
     "7401a3e8f7428d17775c9beb98a6466bde62bcaabc3e9ad8738c810ec261180754a19530e3aeb8622c4634b01dda3616c3e23ca73aa8"
     "81195b20363c1429b4edcf88f077d9c87be70dacf9bb1fbaffce61fd564db43036dedd06d061f7dbd2f1742d564d407ebf2b4212b89d"
     "4df1c422adc4c6163df23de0e77c1fa2721ad29e4a296844c3b5d33e79708e3f50c50986f2d36c8b"},
};

static const uint8_t s_exponent[] = {1, 0, 1};

// A number with a leading zero, as DER has it.
static size_t padded(const char *text, uint8_t *to) {
  to[0] = 0;
  return 1 + unhex(text, to + 1);
}

static void key(const struct key *k) {
  static uint8_t n[513], d[513], p[257], q[257], dp[257], dq[257], qi[257], em[512], sig[552], back[512];
  size_t size = (size_t) k->bits / 8, half = size / 2 + 1;
  padded(k->n, n), padded(k->d, d), padded(k->p, p), padded(k->q, q);
  padded(k->dP, dp), padded(k->dQ, dq), padded(k->qInv, qi);
  for (size_t i = 0; i < size; i++) em[i] = (uint8_t) (i * 3);
  int rc = mg_rsa_mod_pow(n, size + 1, d, size + 1, em, size, sig, size);
  printf("%d bits, private power: %d %016llx\n", k->bits, rc, (unsigned long long) fold(sig, size));
  rc = mg_rsa_mod_pow(n, size + 1, s_exponent, 3, sig, size, back, size);
  printf("%d bits, public power of it: %d %d\n", k->bits, rc, memcmp(em, back, size) == 0);

  rc = mg_rsa_crt_sign(em, size, dp, half, dq, half, p, half, q, half, qi, half, back, size);
  printf("%d bits, signature: %d %d\n", k->bits, rc, memcmp(sig, back, size) == 0);
  rc = mg_rsa_crt_sign(em + 1, size - 1, dp + 1, half - 1, dq + 1, half - 1, p + 1, half - 1, q + 1, half - 1, qi + 1,
                       half - 1, back, size);
  printf("%d bits, signature without leading zeros: %d %d\n", k->bits, rc, memcmp(sig, back, size) == 0);
  memset(sig, 1, sizeof(sig));
  rc = mg_rsa_crt_sign(em, size, dp, half, dq, half, p, half, q, half, qi, half, sig, size + 40);
  printf("%d bits, longer signature: %d %016llx\n", k->bits, rc, (unsigned long long) fold(sig, size + 40));
  memset(em, 0xff, size);
  memset(sig, 1, sizeof(sig));
  rc = mg_rsa_crt_sign(em, size, dp, half, dq, half, p, half, q, half, qi, half, sig, size);
  printf("%d bits, message too large: %d %016llx\n", k->bits, rc, (unsigned long long) fold(sig, size));
  p[half - 1] ^= 1;
  em[0] = 0;
  rc = mg_rsa_crt_sign(em, size, dp, half, dq, half, p, half, q, half, qi, half, sig, size);
  printf("%d bits, even factor: %d\n", k->bits, rc);
}

static void powers(void) {
  static uint8_t mod[520], exp[520], msg[520], out[520];
  for (int round = 0; round < 12; round++) {
    size_t size = 256 + (size_t) round * 23, el = round < 8 ? (size_t) round + 1 : 16;
    for (size_t i = 0; i < size; i++) mod[i] = next(), msg[i] = next();
    for (size_t i = 0; i < el; i++) exp[i] = next();
    mod[0] |= 0x40, mod[size - 1] |= 1, msg[0] = (uint8_t) (mod[0] - 1);
    char label[60];
    int rc = mg_rsa_mod_pow(mod, size, exp, el, msg, size, out, size);
    snprintf(label, sizeof(label), "modulus of %zu bytes, exponent of %zu, returns %d", size, el, rc);
    show(label, out, size);
  }

  static const struct {
    const char *label;
    size_t ml, el, sl, ol;
  } lengths[] = {
      {"all of 256", 256, 3, 256, 256},   {"modulus of 255", 255, 3, 255, 255},  {"modulus of 512", 512, 3, 512, 512},
      {"modulus of 513", 513, 3, 513, 513}, {"no modulus", 0, 3, 0, 0},          {"no exponent", 256, 0, 256, 256},
      {"exponent of 256", 256, 256, 256, 256}, {"exponent of 257", 256, 257, 256, 256},
      {"message of 255", 256, 3, 255, 256}, {"message of 257", 256, 3, 257, 256}, {"result of 255", 256, 3, 256, 255},
      {"result of 257", 256, 3, 256, 257}, {"no result", 256, 3, 256, 0},
  };
  for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
    memset(mod, 0xf1, sizeof(mod));
    memset(exp, 0, sizeof(exp));
    memset(msg, 0x11, sizeof(msg));
    memset(out, 0x77, sizeof(out));
    exp[0] = 1, exp[lengths[i].el ? lengths[i].el - 1 : 0] = 3;
    int rc = mg_rsa_mod_pow(mod, lengths[i].ml, exp, lengths[i].el, msg, lengths[i].sl, out, lengths[i].ol);
    printf("%s: %d, zeros %d %d\n", lengths[i].label, rc, out[0] == 0, out[lengths[i].ol] == 0x77);
  }
  memset(mod, 0xf1, sizeof(mod));
  memset(msg, 0x11, sizeof(msg));
  memset(exp, 0, sizeof(exp));
  printf("exponent 0: %d\n", mg_rsa_mod_pow(mod, 256, exp, 3, msg, 256, out, 256));
  exp[2] = 1;
  printf("exponent 1: %d\n", mg_rsa_mod_pow(mod, 256, exp, 3, msg, 256, out, 256));
  printf("exponent 1, result: %d\n", memcmp(msg, out, 256) == 0);
  exp[2] = 3;
  printf("message is the modulus: %d\n", mg_rsa_mod_pow(mod, 256, exp, 3, mod, 256, out, 256));
  memset(msg, 0, sizeof(msg));
  printf("message 0: %d\n", mg_rsa_mod_pow(mod, 256, exp, 3, msg, 256, out, 256));
  show("message 0, result", out + 240, 16);
  printf("without result: %d\n", mg_rsa_mod_pow(mod, 256, exp, 3, msg, 256, NULL, 256));
  memset(msg, 0x11, sizeof(msg));
  printf("in place: %d\n", mg_rsa_mod_pow(mod, 256, exp, 3, msg, 256, msg, 256));
  mod[255] = 0xf0;
  printf("even modulus: %d\n", mg_rsa_mod_pow(mod, 256, exp, 3, msg, 256, out, 256));
}

static size_t pkcs1(uint8_t *em, size_t size, const uint8_t *hash, size_t hashlen) {
  static const uint8_t sha256[] = {0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20};
  static const uint8_t sha384[] = {0x30, 0x41, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2, 5, 0, 4, 0x30};
  size_t start = size - hashlen - 19;
  memset(em, 0xff, size);
  em[0] = 0, em[1] = 1, em[start - 1] = 0;
  memcpy(em + start, hashlen == 32 ? sha256 : sha384, 19);
  memcpy(em + start + 19, hash, hashlen);
  return start;
}

static void pkcs1_encodings(void) {
  uint8_t em[512], hash[64];
  for (size_t i = 0; i < sizeof(hash); i++) hash[i] = (uint8_t) (i + 1);
  for (size_t hashlen = 32; hashlen <= 48; hashlen += 16) {
    for (size_t size = 128; size <= 512; size += 128) {
      size_t start = pkcs1(em, size, hash, hashlen);
      int good = mg_rsa_pkcs_verify(em, size, hash, hashlen), accepted = 0;
      for (size_t i = 0; i < size; i++) {
        em[i] ^= 1;
        accepted += mg_rsa_pkcs_verify(em, size, hash, hashlen);
        em[i] ^= 1;
      }
      printf("hash of %zu in %zu: %d, changed %d\n", hashlen, size, good, accepted);
      em[start - 20] = 0;
      printf("hash of %zu in %zu, early end: %d\n", hashlen, size, mg_rsa_pkcs_verify(em, size, hash, hashlen));
    }
  }
  pkcs1(em, 256, hash, 32);
  printf("hash of 31: %d\n", mg_rsa_pkcs_verify(em, 256, hash, 31));
  printf("hash of 0: %d\n", mg_rsa_pkcs_verify(em, 256, hash, 0));
  printf("hash of 48 for 32: %d\n", mg_rsa_pkcs_verify(em, 256, hash, 48));
  printf("encoding cut: %d\n", mg_rsa_pkcs_verify(em, 255, hash, 32));
  printf("encoding of 0: %d\n", mg_rsa_pkcs_verify(em, 0, hash, 32));
}

// EMSA-PSS with a salt of `salt` bytes.
static void pss(uint8_t *em, size_t size, const uint8_t *hash, size_t salt) {
  uint8_t block[8 + 32 + 64], digest[32], mask[32];
  memset(block, 0, 8);
  memcpy(block + 8, hash, 32);
  for (size_t i = 0; i < salt; i++) block[40 + i] = (uint8_t) (i * 5 + 1);
  mg_sha256(digest, block, 40 + salt);
  size_t db = size - 33;
  memset(em, 0, size);
  em[db - salt - 1] = 1;
  memcpy(em + db - salt, block + 40, salt);
  for (size_t i = 0; i < db; i++) {
    if (i % 32 == 0) {
      uint8_t seed[36] = {0};
      memcpy(seed, digest, 32);
      seed[34] = (uint8_t) (i / 32 >> 8), seed[35] = (uint8_t) (i / 32);
      mg_sha256(mask, seed, sizeof(seed));
    }
    em[i] ^= mask[i % 32];
  }
  em[0] &= 0x7f;
  memcpy(em + db, digest, 32);
  em[size - 1] = 0xbc;
}

static void pss_encodings(void) {
  uint8_t em[600], hash[32];
  for (size_t i = 0; i < sizeof(hash); i++) hash[i] = (uint8_t) (i + 1);
  for (size_t size = 128; size <= 512; size += 64) {
    pss(em, size, hash, 32);
    int good = mg_rsa_verify(em, size, hash), accepted = 0;
    for (size_t i = 0; i < size; i++) {
      em[i] ^= 1;
      accepted += mg_rsa_verify(em, size, hash);
      em[i] ^= 1;
    }
    printf("PSS in %zu: %d, changed %d\n", size, good, accepted);
    em[0] |= 0x80;
    printf("PSS in %zu, highest bit set: %d\n", size, mg_rsa_verify(em, size, hash));
    pss(em, size, hash, 20);
    printf("PSS in %zu, salt of 20: %d\n", size, mg_rsa_verify(em, size, hash));
    pss(em, size, hash, 0);
    printf("PSS in %zu, no salt: %d\n", size, mg_rsa_verify(em, size, hash));
    pss(em, size, hash, 33);
    printf("PSS in %zu, salt of 33: %d\n", size, mg_rsa_verify(em, size, hash));
  }
  pss(em, 66, hash, 32);
  printf("PSS in 66: %d\n", mg_rsa_verify(em, 66, hash));
  memset(em, 0, sizeof(em));
  printf("zeros: %d\n", mg_rsa_verify(em, 256, hash));
  printf("65 bytes: %d\n", mg_rsa_verify(em, 65, hash));
  printf("513 bytes: %d\n", mg_rsa_verify(em, 513, hash));
}

int main(void) {
  for (size_t i = 0; i < sizeof(s_keys) / sizeof(s_keys[0]); i++) key(&s_keys[i]);
  powers();
  pkcs1_encodings();
  pss_encodings();
  return 0;
}
