// Who may enter: basic authentication, bearer tokens, tokens in the query and in a cookie, as mg_http_creds() finds them, and
// sessions that a login begins and a logout ends.

#include "loop.h"

static char session[20];

static bool authenticated(struct mg_http_message *hm) {
  char user[50], pass[50];
  mg_http_creds(hm, user, sizeof(user), pass, sizeof(pass));
  add("[%s|%s]", user, pass);
  if (strcmp(user, "ann") == 0 && strcmp(pass, "secret:1") == 0) return true;
  return user[0] == '\0' && session[0] != '\0' && strcmp(pass, session) == 0;
}

static void server(struct mg_connection *c, int ev, void *ev_data) {
  struct mg_http_message *hm = (struct mg_http_message *) ev_data;
  if (ev != MG_EV_HTTP_MSG) return;
  if (!authenticated(hm)) {
    mg_http_reply(c, 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "who are you?\n");
  } else if (mg_match(hm->uri, mg_str("/login"), NULL)) {
    mg_snprintf(session, sizeof(session), "%s", "s-4711");
    char cookie[100];
    mg_snprintf(cookie, sizeof(cookie), "Set-Cookie: access_token=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d\r\n", session, 3600);
    mg_http_reply(c, 200, cookie, "{%m:%m}\n", MG_ESC("token"), MG_ESC(session));
  } else if (mg_match(hm->uri, mg_str("/logout"), NULL)) {
    session[0] = '\0';
    mg_http_reply(c, 302, "Location: /\r\nSet-Cookie: access_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 UTC\r\n", "");
  } else {
    mg_http_reply(c, 200, "", "welcome\n");
  }
}

static void enter(struct mg_connection *l, const char *label, const char *uri, const char *field) {
  char request[300], name[80];
  snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", uri, field);
  ask(l, label, request);
  snprintf(name, sizeof(name), "%s, credentials", label);
  show_trace(name);
}

int main(void) {
  start();
  struct mg_connection *l = mg_http_listen(&mgr, "http://127.0.0.1:0", server, NULL);
  enter(l, "nobody", "/", "");
  enter(l, "ann", "/", "Authorization: Basic YW5uOnNlY3JldDox\r\n");  // ann:secret:1
  enter(l, "ann with a bad password", "/", "Authorization: Basic YW5uOnNlY3JldA==\r\n");
  enter(l, "basic without colon", "/", "Authorization: Basic YW5u\r\n");
  enter(l, "basic in small letters", "/", "authorization: basic YW5uOnNlY3JldDox\r\n");
  enter(l, "token before the login", "/", "Authorization: Bearer s-4711\r\n");
  enter(l, "login", "/login", "Authorization: Basic YW5uOnNlY3JldDox\r\n");
  enter(l, "bearer", "/", "Authorization: Bearer s-4711\r\n");
  enter(l, "cookie", "/", "Cookie: access_token=s-4711\r\n");
  enter(l, "one cookie of several", "/", "Cookie: theme=dark; access_token=s-4711; x=y\r\n");
  enter(l, "bad cookie", "/", "Cookie: access_token=s-4712\r\n");
  enter(l, "cookie that ends like it", "/", "Cookie: other=s-4711\r\n");
  enter(l, "query", "/?access_token=s-4711", "");
  enter(l, "query among others", "/?a=b&access_token=s%2d4711&c=d", "");
  enter(l, "header before cookie", "/", "Cookie: access_token=s-4711\r\nAuthorization: Bearer other\r\n");
  enter(l, "logout", "/logout", "Cookie: access_token=s-4711\r\n");
  enter(l, "cookie behind the logout", "/", "Cookie: access_token=s-4711\r\n");
  mg_mgr_free(&mgr);
  return 0;
}
