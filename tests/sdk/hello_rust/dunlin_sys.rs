//! The part of the contract this plugin stands on, in Rust. See sdk/include/dunlin/abi/.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub const MAGIC: u32 = 0x314E_5544;
pub const ABI_MAJOR: u16 = 1;
pub const ABI_MINOR: u16 = 0;

pub type Status = i32;
pub const OK: Status = 0;
pub const E_NOT_FOUND: Status = 2;
pub const E_CONFLICT: Status = 4;
pub const E_DATA: Status = 11;
pub const E_INTERNAL: Status = 12;
pub const DONE: Status = 100;

pub const LOG_INFO: i32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub data: *const c_char,
    pub len: u64,
}

impl Str {
    pub fn new(text: &str) -> Str {
        Str { data: text.as_ptr() as *const c_char, len: text.len() as u64 }
    }
    /// # Safety
    /// The text must outlive the result, as every borrowed text does during its call.
    pub unsafe fn as_str<'a>(&self) -> &'a str {
        if self.len == 0 {
            return "";
        }
        let bytes = std::slice::from_raw_parts(self.data as *const u8, self.len as usize);
        std::str::from_utf8(bytes).unwrap_or("")
    }
}

#[repr(C)]
pub struct Writer {
    pub ctx: *mut c_void,
    pub write: unsafe extern "C" fn(*mut c_void, *const c_void, u64) -> Status,
}

#[repr(C)]
pub struct Err {
    pub ctx: *mut c_void,
    pub set: unsafe extern "C" fn(*mut c_void, Status, Str, Str),
}

#[repr(C)]
pub struct Ctx {
    _private: [u8; 0],
}
#[repr(C)]
pub struct Tx {
    _private: [u8; 0],
}
#[repr(C)]
pub struct Stmt {
    _private: [u8; 0],
}
#[repr(C)]
pub struct Cancel {
    _private: [u8; 0],
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub ctx: *mut Ctx,
    pub get_service:
        unsafe extern "C" fn(*mut Ctx, *const c_char, *mut *const c_void, *mut Err) -> Status,
    pub err_set: unsafe extern "C" fn(*mut Err, Status, Str, Str),
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub reserved: u32,
    pub this: *mut c_void,
    pub init: unsafe extern "C" fn(*mut Plugin, *mut Err) -> Status,
    pub start: unsafe extern "C" fn(*mut Plugin, *mut Err) -> Status,
    pub stop: unsafe extern "C" fn(*mut Plugin, i64, *mut Err) -> Status,
    pub destroy: unsafe extern "C" fn(*mut Plugin),
    pub get_extension: unsafe extern "C" fn(*mut Plugin, *const c_char) -> *const c_void,
}

#[repr(C)]
pub struct PluginDesc {
    pub magic: u32,
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor_built: u16,
    pub abi_minor_required: u16,
    pub pointer_bits: u16,
    pub id: *const c_char,
    pub version: *const c_char,
    pub sdk_version: *const c_char,
    pub manifest_json: *const c_char,
    pub create: unsafe extern "C" fn(*const Host, *mut *mut Plugin, *mut Err) -> Status,
}
unsafe impl Sync for PluginDesc {}

#[repr(C)]
pub struct Log {
    pub struct_size: u32,
    pub reserved: u32,
    pub log: unsafe extern "C" fn(*mut Ctx, i32, Str, Str),
}

#[repr(C)]
pub struct Ids {
    pub struct_size: u32,
    pub reserved: u32,
    pub next: unsafe extern "C" fn(*mut Ctx, u64, *mut i64, *mut Err) -> Status,
}

#[repr(C)]
pub struct Clock {
    pub struct_size: u32,
    pub reserved: u32,
    pub now_us: unsafe extern "C" fn(*mut Ctx) -> i64,
}

#[repr(C)]
pub struct Events {
    pub struct_size: u32,
    pub reserved: u32,
    pub emit: unsafe extern "C" fn(*mut Tx, Str, Str, Str, *mut Err) -> Status,
}

/// The table up to column_text; what follows is not used here.
#[repr(C)]
pub struct Db {
    pub struct_size: u32,
    pub reserved: u32,
    pub begin: unsafe extern "C" fn(*mut Ctx, u32, *mut *mut Tx, *mut Err) -> Status,
    pub commit: unsafe extern "C" fn(*mut Tx, *mut Err) -> Status,
    pub rollback: unsafe extern "C" fn(*mut Tx),
    pub prepare: unsafe extern "C" fn(*mut Tx, Str, *mut *mut Stmt, *mut Err) -> Status,
    pub finalize: unsafe extern "C" fn(*mut Stmt),
    pub reset: unsafe extern "C" fn(*mut Stmt, *mut Err) -> Status,
    pub bind_null: unsafe extern "C" fn(*mut Stmt, u32, *mut Err) -> Status,
    pub bind_i64: unsafe extern "C" fn(*mut Stmt, u32, i64, *mut Err) -> Status,
    pub bind_f64: unsafe extern "C" fn(*mut Stmt, u32, f64, *mut Err) -> Status,
    pub bind_text: unsafe extern "C" fn(*mut Stmt, u32, Str, *mut Err) -> Status,
    pub bind_blob: unsafe extern "C" fn(*mut Stmt, u32, Str, *mut Err) -> Status,
    pub step: unsafe extern "C" fn(*mut Stmt, *mut Err) -> Status,
    pub changes: unsafe extern "C" fn(*mut Stmt) -> i64,
    pub column_count: unsafe extern "C" fn(*mut Stmt) -> u32,
    pub column_name: unsafe extern "C" fn(*mut Stmt, u32) -> Str,
    pub column_type: unsafe extern "C" fn(*mut Stmt, u32) -> i32,
    pub column_i64: unsafe extern "C" fn(*mut Stmt, u32, *mut i64, *mut i32) -> Status,
    pub column_f64: unsafe extern "C" fn(*mut Stmt, u32, *mut f64, *mut i32) -> Status,
    pub column_text: unsafe extern "C" fn(*mut Stmt, u32, *mut Str, *mut i32) -> Status,
}

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub today: i32,
    pub now_us: i64,
    pub tx: *mut Tx,
    pub cancel: *mut Cancel,
    pub command: Str,
    pub request_json: Str,
    pub principal_json: Str,
}

#[repr(C)]
pub struct CommandHandler {
    pub struct_size: u32,
    pub reserved: u32,
    pub handle: unsafe extern "C" fn(*mut Plugin, *const Call, *const Writer, *mut Err) -> Status,
}

#[repr(C)]
pub struct Event {
    pub struct_size: u32,
    pub attempt: u32,
    pub id: i64,
    pub occurred_us: i64,
    pub cause_date: i32,
    pub reserved: i32,
    pub topic: Str,
    pub key: Str,
    pub payload_json: Str,
}

#[repr(C)]
pub struct EventHandler {
    pub struct_size: u32,
    pub reserved: u32,
    pub handle: unsafe extern "C" fn(*mut Plugin, *mut Tx, *const Event, *mut Err) -> Status,
}
