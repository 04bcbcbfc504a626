// The reference leaves the password unterminated when access_token has a broken escape: memory of the stack becomes
// part of it.

#include "mongoose.h"

int main(void) {
  static const char *targets[] = {"/?access_token=bad%", "/?access_token=bad%4", "/?access_token=%zz", "/?access_token=bad%zzmore"};
  for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
    struct mg_http_message hm;
    char request[100], user[50], pass[50];
    int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n\r\n", targets[i]);
    memset(user, '#', sizeof(user)), memset(pass, '#', sizeof(pass));
    if (mg_http_parse(request, (size_t) n, &hm) != n) return 1;
    mg_http_creds(&hm, user, sizeof(user), pass, sizeof(pass));
    if (user[0] != '\0' || pass[0] != '\0') printf("%s\n", targets[i]), exit(1);
  }
  return 0;
}
