// A Modbus TCP device with 1000 coils and 1000 registers, all readable and writable.
//
// Build: make examples        Run: target/examples/modbus_server tcp://127.0.0.1:5020
// Try:   mbpoll -p 5020 -r 1 -c 10 127.0.0.1

#include <signal.h>
#include <stdio.h>

#include "mongoose.h"

#define SIZE 1000

static volatile sig_atomic_t stopped;

struct device {
  bool coils[SIZE];
  uint16_t registers[SIZE];
};

static void stop(int signal_number) {
  stopped = signal_number;
}

static void serve(struct device *device, struct mg_modbus_req *request) {
  size_t addr = request->addr, len = request->len;
  if (addr + len > SIZE) {
    request->error = MG_MODBUS_ERR_ILLEGAL_ADDRESS;
    return;
  }
  switch (request->func) {
    case MG_MODBUS_FUNC_READ_COILS:
    case MG_MODBUS_FUNC_READ_DISCRETE_INPUTS:
      memcpy(request->u.bits, device->coils + addr, len * sizeof(bool));
      break;
    case MG_MODBUS_FUNC_READ_HOLDING_REGISTERS:
    case MG_MODBUS_FUNC_READ_INPUT_REGISTERS:
      memcpy(request->u.regs, device->registers + addr, len * sizeof(uint16_t));
      break;
    case MG_MODBUS_FUNC_WRITE_SINGLE_COIL:
    case MG_MODBUS_FUNC_WRITE_MULTIPLE_COILS:
      memcpy(device->coils + addr, request->u.bits, len * sizeof(bool));
      break;
    case MG_MODBUS_FUNC_WRITE_SINGLE_REGISTER:
    case MG_MODBUS_FUNC_WRITE_MULTIPLE_REGISTERS:
      memcpy(device->registers + addr, request->u.regs, len * sizeof(uint16_t));
      break;
  }
}

static void handler(struct mg_connection *c, int ev, void *ev_data) {
  if (ev == MG_EV_MODBUS_REQ) serve((struct device *) c->fn_data, (struct mg_modbus_req *) ev_data);
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  struct device device = {{false}, {0}};
  signal(SIGINT, stop);
  signal(SIGTERM, stop);
  mg_log_set(MG_LL_ERROR);
  mg_mgr_init(&mgr);
  const char *url = argc > 1 ? argv[1] : "tcp://127.0.0.1:5020";
  struct mg_connection *listener = mg_modbus_listen(&mgr, url, handler, &device);
  if (listener == NULL) return 1;
  printf("Listening on port %u\n", mg_ntohs(listener->loc.port));
  fflush(stdout);
  while (!stopped) mg_mgr_poll(&mgr, 1000);
  mg_mgr_free(&mgr);
  return 0;
}
