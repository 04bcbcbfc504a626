// A login that hands out JSON Web Tokens, and a page that asks for one.
//
// Build: make examples        Run: target/examples/jwt_login http://127.0.0.1:8000
// Try:   curl -u admin:secret -X POST http://127.0.0.1:8000/login         answers {"token":"..."}
//        curl -H 'Authorization: Bearer TOKEN' http://127.0.0.1:8000/me   answers {"user":"admin"}

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "mongoose.h"

#define JSON "Content-Type: application/json\r\n"
#define LIFETIME 3600  // seconds

static uint8_t secret[32];  // made at start: tokens do not survive a restart
static volatile sig_atomic_t stopped;

static void stop(int signal_number) {
  stopped = signal_number;
}

static struct mg_jwt_opts options(const char *claims) {
  struct mg_jwt_opts opts;
  memset(&opts, 0, sizeof(opts));
  opts.secret = mg_str_n((char *) secret, sizeof(secret));
  opts.claims = mg_str(claims);
  return opts;
}

static void refuse(struct mg_connection *c, const char *why) {
  mg_http_reply(c, 401, JSON "WWW-Authenticate: Bearer\r\n", "{%m:%m}\n", MG_ESC("error"), MG_ESC(why));
}

static void login(struct mg_connection *c, const char *user, const char *password) {
  char claims[300], token[600];
  if (strcmp(user, "admin") != 0 || strcmp(password, "secret") != 0) {
    refuse(c, "wrong user or password");
    return;
  }
  mg_snprintf(claims, sizeof(claims), "{%m:%m,%m:%lld}", MG_ESC("sub"), MG_ESC(user), MG_ESC("exp"),
              (long long) time(NULL) + LIFETIME);
  struct mg_jwt_opts opts = options(claims);
  mg_jwt_sign_hs256(&opts, token, sizeof(token));
  mg_http_reply(c, 200, JSON, "{%m:%m}\n", MG_ESC("token"), MG_ESC(token));
}

static void me(struct mg_connection *c, const char *token) {
  char claims[300], user[100] = "";
  double expires = 0;
  struct mg_jwt_opts opts = options("");
  // The library checks the signature. What the claims say is up to the program.
  size_t n = mg_jwt_verify_hs256(mg_str(token), &opts, claims, sizeof(claims));
  struct mg_str json = mg_str_n(claims, n);
  if (n == 0) {
    refuse(c, "no valid token");
  } else if (!mg_json_get_num(json, "$.exp", &expires) || expires < (double) time(NULL)) {
    refuse(c, "the token has expired");
  } else {
    mg_json_unescape(json, "$.sub", user, sizeof(user));
    mg_http_reply(c, 200, JSON, "{%m:%m}\n", MG_ESC("user"), MG_ESC(user));
  }
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  char user[100], pass[600];  // a token comes as the password
  mg_http_creds(hm, user, sizeof(user), pass, sizeof(pass));
  if (mg_match(hm->uri, mg_str("/login"), NULL) && mg_match(hm->method, mg_str("POST"), NULL)) {
    login(c, user, pass);
  } else if (mg_match(hm->uri, mg_str("/me"), NULL)) {
    me(c, pass);
  } else {
    mg_http_reply(c, 404, JSON, "{%m:%m}\n", MG_ESC("error"), MG_ESC("POST /login or GET /me"));
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  if (!mg_random(secret, sizeof(secret))) return 1;
  mg_mgr_init(&mgr);
  struct mg_connection *listener = mg_http_listen(&mgr, argc > 1 ? argv[1] : "http://127.0.0.1:8000", handler, NULL);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
