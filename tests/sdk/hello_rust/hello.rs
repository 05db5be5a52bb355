//! A plugin in Rust without crates: two commands, a table, an event and its subscriber.

mod dunlin_sys;

use dunlin_sys as sys;
use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

/// A status, and what to say about it; empty when a service has said it already.
struct Failure(sys::Status, &'static str);
type Outcome<T> = Result<T, Failure>;

fn check(status: sys::Status) -> Outcome<sys::Status> {
    match status {
        sys::OK | sys::DONE => Ok(status),
        _ => Err(Failure(status, "")),
    }
}

struct Hello {
    table: sys::Plugin,
    host: *const sys::Host,
    log: *const sys::Log,
    db: *const sys::Db,
    events: *const sys::Events,
    ids: *const sys::Ids,
    clock: *const sys::Clock,
}

/// Runs the body of an entry: neither a panic nor a failure gets past here but as a status.
unsafe fn entry(
    plugin: *mut sys::Plugin,
    err: *mut sys::Err,
    body: impl FnOnce(&mut Hello) -> Outcome<()>,
) -> sys::Status {
    let hello = &mut *((*plugin).this as *mut Hello);
    let host = &*hello.host;
    let failure = match catch_unwind(AssertUnwindSafe(|| body(hello))) {
        Ok(Ok(())) => return sys::OK,
        Ok(Err(failure)) => failure,
        Err(_) => Failure(sys::E_INTERNAL, "hello_rust panicked"),
    };
    if !failure.1.is_empty() {
        (host.err_set)(err, failure.0, sys::Str::new(failure.1), sys::Str::new(""));
    }
    failure.0
}

unsafe fn write(writer: *const sys::Writer, text: &str) -> Outcome<()> {
    check(((*writer).write)((*writer).ctx, text.as_ptr() as *const c_void, text.len() as u64))?;
    Ok(())
}

/// What follows `"name":`. The schemas of this plugin allow no text that needs unescaping.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let key = format!("\"{}\"", name);
    let rest = &json[json.find(&key)? + key.len()..];
    Some(rest.trim_start_matches(|c| c == ' ' || c == ':'))
}

fn text_member<'a>(json: &'a str, name: &str) -> Outcome<&'a str> {
    member(json, name)
        .and_then(|value| value.strip_prefix('"'))
        .and_then(|value| value.split('"').next())
        .ok_or(Failure(sys::E_DATA, "a text is missing"))
}

/// A prepared statement that finalizes itself.
struct Statement<'a> {
    db: &'a sys::Db,
    stmt: *mut sys::Stmt,
    err: *mut sys::Err,
}

impl<'a> Statement<'a> {
    unsafe fn new(
        db: &'a sys::Db,
        tx: *mut sys::Tx,
        sql: &str,
        err: *mut sys::Err,
    ) -> Outcome<Statement<'a>> {
        let mut stmt = ptr::null_mut();
        check((db.prepare)(tx, sys::Str::new(sql), &mut stmt, err))?;
        Ok(Statement { db, stmt, err })
    }
    unsafe fn bind_i64(&self, index: u32, value: i64) -> Outcome<&Self> {
        check((self.db.bind_i64)(self.stmt, index, value, self.err))?;
        Ok(self)
    }
    unsafe fn bind_text(&self, index: u32, value: &str) -> Outcome<&Self> {
        check((self.db.bind_text)(self.stmt, index, sys::Str::new(value), self.err))?;
        Ok(self)
    }
    /// True when there is a row.
    unsafe fn step(&self) -> Outcome<bool> {
        Ok(check((self.db.step)(self.stmt, self.err))? == sys::OK)
    }
    unsafe fn i64(&self, column: u32) -> Outcome<i64> {
        let mut out = 0;
        check((self.db.column_i64)(self.stmt, column, &mut out, ptr::null_mut()))?;
        Ok(out)
    }
    unsafe fn text(&self, column: u32) -> Outcome<String> {
        let mut out = sys::Str::new("");
        check((self.db.column_text)(self.stmt, column, &mut out, ptr::null_mut()))?;
        Ok(out.as_str().to_string())
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        unsafe { (self.db.finalize)(self.stmt) }
    }
}

impl Hello {
    unsafe fn remember(
        &self,
        call: &sys::Call,
        reply: *const sys::Writer,
        err: *mut sys::Err,
    ) -> Outcome<()> {
        let request = call.request_json.as_str();
        let text = text_member(request, "text")?;
        let mut id = 0;
        check(((*self.ids).next)((*self.host).ctx, 1, &mut id, err))?;
        let sql = "INSERT INTO hello_rust_note(id, noted_on, body) VALUES(?, ?, ?)";
        Statement::new(&*self.db, call.tx, sql, err)?
            .bind_i64(0, id)?
            .bind_i64(1, call.today.into())?
            .bind_text(2, text)?
            .step()?;

        let key = id.to_string();
        let payload = format!("{{\"id\":\"{}\",\"text\":\"{}\"}}", id, text);
        check(((*self.events).emit)(
            call.tx,
            sys::Str::new("hello_rust.remembered"),
            sys::Str::new(&key),
            sys::Str::new(&payload),
            err,
        ))?;
        if member(request, "fail").map_or(false, |value| value.starts_with("true")) {
            return Err(Failure(sys::E_CONFLICT, "failed after the insert, as was asked for"));
        }
        write(reply, &format!("{{\"id\":\"{}\"}}", id))
    }

    unsafe fn recall(
        &self,
        call: &sys::Call,
        reply: *const sys::Writer,
        err: *mut sys::Err,
    ) -> Outcome<()> {
        let sql = "SELECT id, body FROM hello_rust_note ORDER BY id";
        let statement = Statement::new(&*self.db, call.tx, sql, err)?;
        let mut notes = Vec::new();
        while statement.step()? {
            let (id, text) = (statement.i64(0)?, statement.text(1)?);
            notes.push(format!("{{\"id\":\"{}\",\"text\":\"{}\"}}", id, text));
        }
        let sql = "SELECT count(*) FROM hello_rust_delivery";
        let statement = Statement::new(&*self.db, call.tx, sql, err)?;
        statement.step()?;
        let deliveries = statement.i64(0)?;
        let notes = notes.join(",");
        write(reply, &format!("{{\"notes\":[{}],\"deliveries\":{}}}", notes, deliveries))
    }
}

unsafe extern "C" fn on_command(
    plugin: *mut sys::Plugin,
    call: *const sys::Call,
    reply: *const sys::Writer,
    err: *mut sys::Err,
) -> sys::Status {
    entry(plugin, err, |hello| match (*call).command.as_str() {
        "hello_rust.remember" => hello.remember(&*call, reply, err),
        "hello_rust.recall" => hello.recall(&*call, reply, err),
        _ => Err(Failure(sys::E_NOT_FOUND, "hello_rust has no such command")),
    })
}

unsafe extern "C" fn on_event(
    plugin: *mut sys::Plugin,
    tx: *mut sys::Tx,
    event: *const sys::Event,
    err: *mut sys::Err,
) -> sys::Status {
    entry(plugin, err, |hello| {
        let text = text_member((*event).payload_json.as_str(), "text")?;
        let sql = "INSERT INTO hello_rust_delivery(event_id, body) VALUES(?, ?)";
        Statement::new(&*hello.db, tx, sql, err)?
            .bind_i64(0, (*event).id)?
            .bind_text(1, text)?
            .step()?;
        Ok(())
    })
}

unsafe fn service<T>(hello: &Hello, id: &str, err: *mut sys::Err) -> Outcome<*const T> {
    let host = &*hello.host;
    let mut table = ptr::null();
    check((host.get_service)(host.ctx, id.as_ptr() as *const c_char, &mut table, err))?;
    Ok(table as *const T)
}

unsafe extern "C" fn init(plugin: *mut sys::Plugin, err: *mut sys::Err) -> sys::Status {
    entry(plugin, err, |hello| {
        hello.log = service(hello, "dunlin.log/1\0", err)?;
        hello.db = service(hello, "dunlin.db/1\0", err)?;
        hello.events = service(hello, "dunlin.events/1\0", err)?;
        hello.ids = service(hello, "dunlin.ids/1\0", err)?;
        hello.clock = service(hello, "dunlin.clock/1\0", err)?;
        Ok(())
    })
}

unsafe extern "C" fn start(plugin: *mut sys::Plugin, err: *mut sys::Err) -> sys::Status {
    entry(plugin, err, |hello| {
        let ctx = (*hello.host).ctx;
        let fields = format!("{{\"at_us\":{}}}", ((*hello.clock).now_us)(ctx));
        let message = sys::Str::new("hello_rust started");
        ((*hello.log).log)(ctx, sys::LOG_INFO, message, sys::Str::new(&fields));
        Ok(())
    })
}

unsafe extern "C" fn stop(plugin: *mut sys::Plugin, _: i64, err: *mut sys::Err) -> sys::Status {
    entry(plugin, err, |_| Ok(()))
}

unsafe extern "C" fn destroy(plugin: *mut sys::Plugin) {
    drop(Box::from_raw((*plugin).this as *mut Hello));
}

unsafe extern "C" fn get_extension(_: *mut sys::Plugin, id: *const c_char) -> *const c_void {
    static COMMANDS: sys::CommandHandler = sys::CommandHandler {
        struct_size: size_of::<sys::CommandHandler>() as u32,
        reserved: 0,
        handle: on_command,
    };
    static EVENTS: sys::EventHandler = sys::EventHandler {
        struct_size: size_of::<sys::EventHandler>() as u32,
        reserved: 0,
        handle: on_event,
    };
    match CStr::from_ptr(id).to_bytes() {
        b"dunlin.command_handler/1" => &COMMANDS as *const _ as *const c_void,
        b"dunlin.event_handler/1" => &EVENTS as *const _ as *const c_void,
        _ => ptr::null(),
    }
}

unsafe extern "C" fn create(
    host: *const sys::Host,
    out: *mut *mut sys::Plugin,
    _: *mut sys::Err,
) -> sys::Status {
    let hello = Box::into_raw(Box::new(Hello {
        table: sys::Plugin {
            struct_size: size_of::<sys::Plugin>() as u32,
            reserved: 0,
            this: ptr::null_mut(),
            init,
            start,
            stop,
            destroy,
            get_extension,
        },
        host,
        log: ptr::null(),
        db: ptr::null(),
        events: ptr::null(),
        ids: ptr::null(),
        clock: ptr::null(),
    }));
    (*hello).table.this = hello as *mut c_void;
    *out = &mut (*hello).table;
    sys::OK
}

static DESC: sys::PluginDesc = sys::PluginDesc {
    magic: sys::MAGIC,
    struct_size: size_of::<sys::PluginDesc>() as u32,
    abi_major: sys::ABI_MAJOR,
    abi_minor_built: sys::ABI_MINOR,
    abi_minor_required: 0,
    pointer_bits: (size_of::<usize>() * 8) as u16,
    id: "hello_rust\0".as_ptr() as *const c_char,
    version: "1.0.0\0".as_ptr() as *const c_char,
    sdk_version: "1.0.0-rc.1\0".as_ptr() as *const c_char,
    manifest_json: concat!(include_str!("plugin.json"), "\0").as_ptr() as *const c_char,
    create,
};

#[no_mangle]
pub extern "C" fn dunlin_plugin_query_v1() -> *const sys::PluginDesc {
    &DESC
}
