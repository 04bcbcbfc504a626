// HTTP and WebSocket echo in Zig, which reads the C header itself. Written for Zig 0.15.
//
// Build: python3 -m ziglang build-exe c_examples/ffi/echo.zig -femit-bin=target/echo_zig -lc -I include -L target/release -lmongoose
// Run:   LD_LIBRARY_PATH=target/release target/echo_zig http://127.0.0.1:8000
// Try:   curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws

const std = @import("std");
const mg = @cImport(@cInclude("mongoose.h"));

// Because of its bit-fields Zig does not know the layout of a connection.
const Connection = ?*mg.struct_mg_connection;

var stopped = std.atomic.Value(bool).init(false);

fn stop(_: c_int) callconv(.c) void {
    stopped.store(true, .monotonic);
}

fn text(s: mg.struct_mg_str) []const u8 {
    return if (s.buf == null) "" else s.buf[0..s.len];
}

fn reply(c: Connection, status: c_int, body: []const u8) void {
    mg.mg_http_reply_buf(c, status, "Content-Type: text/plain\r\n", body.ptr, body.len);
}

const Route = enum { @"/", @"/echo", @"/agent", @"/ws", @"/fail" };

fn serve(c: Connection, hm: *mg.struct_mg_http_message) !void {
    const route = std.meta.stringToEnum(Route, text(hm.uri)) orelse return reply(c, 404, "Not found\n");
    switch (route) {
        .@"/" => reply(c, 200, "Hello from Zig\n"),
        .@"/echo" => reply(c, 200, text(hm.body)),
        .@"/agent" => {
            const agent = mg.mg_http_get_header(hm, "User-Agent");
            reply(c, 200, if (agent == null) "" else text(agent.*));
        },
        .@"/ws" => mg.mg_ws_upgrade_headers(c, hm, null),
        .@"/fail" => return error.AskedToFail,
    }
}

fn handler(c: Connection, ev: c_int, data: ?*anyopaque) callconv(.c) void {
    switch (ev) {
        mg.MG_EV_HTTP_MSG => {
            serve(c, @ptrCast(@alignCast(data.?))) catch |err| {
                std.debug.print("{s}: asked to fail\n", .{@errorName(err)});
                reply(c, 500, "Failed\n");
            };
        },
        mg.MG_EV_WS_MSG => {
            const wm: *mg.struct_mg_ws_message = @ptrCast(@alignCast(data.?));
            _ = mg.mg_ws_send(c, wm.data.buf, wm.data.len, mg.mg_ws_get_op(wm));
        },
        else => {},
    }
}

pub export fn main(argc: c_int, argv: [*][*:0]u8) c_int {
    _ = mg.signal(mg.SIGINT, stop);
    _ = mg.signal(mg.SIGTERM, stop);
    mg.mg_log_set_level(mg.MG_LL_ERROR);
    const mgr = mg.mg_mgr_new();
    defer mg.mg_mgr_delete(mgr);
    const url: [*:0]const u8 = if (argc > 1) argv[1] else "http://127.0.0.1:8000";
    const listener = mg.mg_http_listen(mgr, url, handler, null) orelse return 1;
    _ = mg.printf("Listening on port %d\n", @as(c_int, mg.mg_addr_port(mg.mg_conn_loc(listener))));
    _ = mg.fflush(mg.stdout);
    while (!stopped.load(.monotonic)) mg.mg_mgr_poll(mgr, 1000);
    return 0;
}
