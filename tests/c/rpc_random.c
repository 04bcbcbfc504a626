// Random frames, most of them broken: the same answers, and the same handlers called.
#include "mongoose.h"

static uint32_t state = 1, s_calls;

static uint32_t below(uint32_t n) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % n;
}

static void echo(struct mg_rpc_req *r) {
  struct mg_str params = mg_json_get_tok(r->frame, "$.params");
  s_calls++;
  mg_rpc_ok(r, "[%.*s]", (int) params.len, params.buf);
}

static void refuse(struct mg_rpc_req *r) {
  s_calls++;
  mg_rpc_err(r, (int) r->frame.len, "%m", MG_ESC("no"));
}

static void answer(struct mg_rpc_req *r) {
  s_calls += (uint32_t) r->frame.len;
}

int main(void) {
  static const char *members[] = {
      "\"id\":1", "\"id\":\"x\\\"y\"", "\"id\":{\"id\":[2]}", "\"method\":\"echo\"", "\"method\":\"get/a\"", "\"method\":\"get/a/b\"",
      "\"method\":\"rpc.list\"", "\"method\":\"refuse\"", "\"method\":\"\"", "\"method\":5", "\"result\":[1,2]", "\"error\":null",
      "\"params\":[1,{\"method\":\"refuse\"}]", "\"params\":\"\\\\\"", "\"jsonrpc\":\"2.0\"", "\"m\":{\"id\":7}",
  };
  static const char junk[] = "{}[],:\"\\ aeidm1-.\n/*";
  struct mg_rpc *head = NULL;
  uint32_t bytes = 0;
  mg_rpc_add(&head, mg_str("refuse"), refuse, NULL);
  mg_rpc_add(&head, mg_str(""), answer, NULL);
  mg_rpc_add(&head, mg_str("get/*"), echo, NULL);
  mg_rpc_add(&head, mg_str("e?ho"), echo, NULL);
  mg_rpc_add(&head, mg_str("rpc.list"), mg_rpc_list, NULL);
  for (int batch = 0; batch < 10; batch++) {
    uint32_t crc = 0;
    for (int i = 0; i < 5000; i++) {
      char frame[512], out[2048];
      struct mg_iobuf io = {(unsigned char *) out, sizeof(out), 0, 0};
      size_t len = 1;
      frame[0] = '{';
      for (uint32_t n = below(6); n > 0; n--) {
        const char *member = members[below(sizeof(members) / sizeof(members[0]))];
        if (len > 1) frame[len++] = ',';
        memcpy(frame + len, member, strlen(member));
        len += strlen(member);
      }
      frame[len++] = '}';
      for (uint32_t n = i % 2 ? below(4) : 0; n > 0; n--) frame[below((uint32_t) len)] = junk[below(sizeof(junk) - 1)];
      if (below(8) == 0) len = 1 + below((uint32_t) len);
      struct mg_rpc_req r = {&head, NULL, mg_pfn_iobuf_noresize, &io, NULL, mg_str_n(frame, len)};
      mg_rpc_process(&r);
      crc = mg_crc32(crc, out, io.len);
      crc = mg_crc32(crc, r.rpc == NULL ? "-" : "+", 1);
      bytes += (uint32_t) io.len;
    }
    printf("batch %d: %08x\n", batch, crc);
  }
  printf("bytes of answers: %u\n", bytes);
  printf("calls: %u\n", s_calls);
  mg_rpc_del(&head, NULL);
  return 0;
}
