// HTTP and WebSocket echo in Go, with cgo.
//
// Build: CGO_CFLAGS=-I$PWD/include CGO_LDFLAGS=-L$PWD/target/release go build -o target/echo_go c_examples/ffi/echo.go
// Run:   LD_LIBRARY_PATH=target/release target/echo_go http://127.0.0.1:8000
// Try:   curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws
package main

// #cgo LDFLAGS: -lmongoose
// #include <mongoose.h>
// extern void handle(struct mg_connection *c, int ev, void *data);
import "C"

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"unsafe"
)

// text is a copy: the memory is the library's, and only valid until the handler returns.
func text(s *C.struct_mg_str) []byte {
	if s == nil {
		return nil
	}
	return C.GoBytes(unsafe.Pointer(s.buf), C.int(s.len))
}

var plain = C.CString("Content-Type: text/plain\r\n")
var userAgent = C.CString("User-Agent")

func reply(c *C.struct_mg_connection, status int, body []byte) {
	var data unsafe.Pointer
	if len(body) > 0 {
		data = unsafe.Pointer(&body[0])
	}
	C.mg_http_reply_buf(c, C.int(status), plain, data, C.size_t(len(body)))
}

func serve(c *C.struct_mg_connection, hm *C.struct_mg_http_message) {
	switch string(text(C.mg_http_get_uri(hm))) {
	case "/":
		reply(c, 200, []byte("Hello from Go\n"))
	case "/echo":
		reply(c, 200, text(C.mg_http_get_body(hm)))
	case "/agent":
		reply(c, 200, text(C.mg_http_get_header(hm, userAgent)))
	case "/ws":
		C.mg_ws_upgrade_headers(c, hm, nil)
	case "/fail":
		panic("asked to fail")
	default:
		reply(c, 404, []byte("Not found\n"))
	}
}

// A panic must not leave the handler: the library's frames are above.
//
//export handle
func handle(c *C.struct_mg_connection, ev C.int, data unsafe.Pointer) {
	switch ev {
	case C.MG_EV_HTTP_MSG:
		defer func() {
			if err := recover(); err != nil {
				log.Print(err)
				reply(c, 500, []byte("Failed\n"))
			}
		}()
		serve(c, (*C.struct_mg_http_message)(data))
	case C.MG_EV_WS_MSG:
		wm := (*C.struct_mg_ws_message)(data)
		C.mg_ws_send(c, unsafe.Pointer(wm.data.buf), wm.data.len, C.mg_ws_get_op(wm))
	}
}

func main() {
	url := "http://127.0.0.1:8000"
	if len(os.Args) > 1 {
		url = os.Args[1]
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	C.mg_log_set_level(C.MG_LL_ERROR)
	mgr := C.mg_mgr_new()
	defer C.mg_mgr_delete(mgr)
	listener := C.mg_http_listen(mgr, C.CString(url), C.mg_event_handler_t(C.handle), nil)
	if listener == nil {
		log.Fatal("cannot listen on ", url)
	}
	fmt.Println("Listening on port", C.mg_addr_port(C.mg_conn_loc(listener)))
	for {
		select {
		case <-stop:
			return
		default:
			C.mg_mgr_poll(mgr, 100)
		}
	}
}
