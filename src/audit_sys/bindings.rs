// Made from <linux/netlink.h> and <linux/audit.h> by `cargo build --features bindgen`; don't edit.

pub const NETLINK_AUDIT: u32 = 9;
pub const NLM_F_REQUEST: u32 = 1;
pub const NLM_F_ACK: u32 = 4;
pub const NLMSG_ERROR: u32 = 2;
pub const NLMSG_DONE: u32 = 3;
pub const NETLINK_ADD_MEMBERSHIP: u32 = 1;
pub const NETLINK_CAP_ACK: u32 = 10;
pub const AUDIT_GET: u32 = 1000;
pub const AUDIT_LIST_RULES: u32 = 1013;
pub const AUDIT_FIRST_USER_MSG2: u32 = 2100;
pub const AUDIT_LAST_USER_MSG2: u32 = 2999;
pub const AUDIT_FILTER_USER: u32 = 0;
pub const AUDIT_FILTER_EXCLUDE: u32 = 5;
pub const AUDIT_NEVER: u32 = 0;
pub const AUDIT_ALWAYS: u32 = 2;
pub const AUDIT_MAX_FIELDS: u32 = 64;
pub const AUDIT_PID: u32 = 0;
pub const AUDIT_UID: u32 = 1;
pub const AUDIT_GID: u32 = 5;
pub const AUDIT_LOGINUID: u32 = 9;
pub const AUDIT_MSGTYPE: u32 = 12;
pub const AUDIT_SUBJ_USER: u32 = 13;
pub const AUDIT_SUBJ_ROLE: u32 = 14;
pub const AUDIT_SUBJ_TYPE: u32 = 15;
pub const AUDIT_SUBJ_SEN: u32 = 16;
pub const AUDIT_SUBJ_CLR: u32 = 17;
pub const AUDIT_OBJ_USER: u32 = 19;
pub const AUDIT_OBJ_ROLE: u32 = 20;
pub const AUDIT_OBJ_TYPE: u32 = 21;
pub const AUDIT_OBJ_LEV_LOW: u32 = 22;
pub const AUDIT_OBJ_LEV_HIGH: u32 = 23;
pub const AUDIT_WATCH: u32 = 105;
pub const AUDIT_DIR: u32 = 107;
pub const AUDIT_EXE: u32 = 112;
pub const AUDIT_FILTERKEY: u32 = 210;
pub const AUDIT_LESS_THAN: u32 = 268435456;
pub const AUDIT_GREATER_THAN: u32 = 536870912;
pub const AUDIT_NOT_EQUAL: u32 = 805306368;
pub const AUDIT_EQUAL: u32 = 1073741824;
pub const AUDIT_LESS_THAN_OR_EQUAL: u32 = 1342177280;
pub const AUDIT_GREATER_THAN_OR_EQUAL: u32 = 1610612736;
pub const AUDIT_OPERATORS: u32 = 2013265920;
pub const AUDIT_MESSAGE_TEXT_MAX: u32 = 8560;
pub type __kernel_sa_family_t = ::core::ffi::c_ushort;
pub type __u16 = ::core::ffi::c_ushort;
pub type __u32 = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct sockaddr_nl {
    pub nl_family: __kernel_sa_family_t,
    pub nl_pad: ::core::ffi::c_ushort,
    pub nl_pid: __u32,
    pub nl_groups: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of sockaddr_nl"][::core::mem::size_of::<sockaddr_nl>() - 12usize];
    ["Alignment of sockaddr_nl"][::core::mem::align_of::<sockaddr_nl>() - 4usize];
    ["Offset of field: sockaddr_nl::nl_family"]
        [::core::mem::offset_of!(sockaddr_nl, nl_family) - 0usize];
    ["Offset of field: sockaddr_nl::nl_pad"][::core::mem::offset_of!(sockaddr_nl, nl_pad) - 2usize];
    ["Offset of field: sockaddr_nl::nl_pid"][::core::mem::offset_of!(sockaddr_nl, nl_pid) - 4usize];
    ["Offset of field: sockaddr_nl::nl_groups"]
        [::core::mem::offset_of!(sockaddr_nl, nl_groups) - 8usize];
};
#[repr(C)]
#[derive(Debug, Default, Copy, Clone)]
pub struct nlmsghdr {
    pub nlmsg_len: __u32,
    pub nlmsg_type: __u16,
    pub nlmsg_flags: __u16,
    pub nlmsg_seq: __u32,
    pub nlmsg_pid: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of nlmsghdr"][::core::mem::size_of::<nlmsghdr>() - 16usize];
    ["Alignment of nlmsghdr"][::core::mem::align_of::<nlmsghdr>() - 4usize];
    ["Offset of field: nlmsghdr::nlmsg_len"][::core::mem::offset_of!(nlmsghdr, nlmsg_len) - 0usize];
    ["Offset of field: nlmsghdr::nlmsg_type"]
        [::core::mem::offset_of!(nlmsghdr, nlmsg_type) - 4usize];
    ["Offset of field: nlmsghdr::nlmsg_flags"]
        [::core::mem::offset_of!(nlmsghdr, nlmsg_flags) - 6usize];
    ["Offset of field: nlmsghdr::nlmsg_seq"][::core::mem::offset_of!(nlmsghdr, nlmsg_seq) - 8usize];
    ["Offset of field: nlmsghdr::nlmsg_pid"]
        [::core::mem::offset_of!(nlmsghdr, nlmsg_pid) - 12usize];
};
pub const audit_nlgrps_AUDIT_NLGRP_NONE: audit_nlgrps = 0;
pub const audit_nlgrps_AUDIT_NLGRP_READLOG: audit_nlgrps = 1;
pub const audit_nlgrps___AUDIT_NLGRP_MAX: audit_nlgrps = 2;
pub type audit_nlgrps = ::core::ffi::c_uint;
#[repr(C)]
#[derive(Copy, Clone)]
pub struct audit_status {
    pub mask: __u32,
    pub enabled: __u32,
    pub failure: __u32,
    pub pid: __u32,
    pub rate_limit: __u32,
    pub backlog_limit: __u32,
    pub lost: __u32,
    pub backlog: __u32,
    pub __bindgen_anon_1: audit_status__bindgen_ty_1,
    pub backlog_wait_time: __u32,
    pub backlog_wait_time_actual: __u32,
}
#[repr(C)]
#[derive(Copy, Clone)]
pub union audit_status__bindgen_ty_1 {
    pub version: __u32,
    pub feature_bitmap: __u32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of audit_status__bindgen_ty_1"]
        [::core::mem::size_of::<audit_status__bindgen_ty_1>() - 4usize];
    ["Alignment of audit_status__bindgen_ty_1"]
        [::core::mem::align_of::<audit_status__bindgen_ty_1>() - 4usize];
    ["Offset of field: audit_status__bindgen_ty_1::version"]
        [::core::mem::offset_of!(audit_status__bindgen_ty_1, version) - 0usize];
    ["Offset of field: audit_status__bindgen_ty_1::feature_bitmap"]
        [::core::mem::offset_of!(audit_status__bindgen_ty_1, feature_bitmap) - 0usize];
};
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of audit_status"][::core::mem::size_of::<audit_status>() - 44usize];
    ["Alignment of audit_status"][::core::mem::align_of::<audit_status>() - 4usize];
    ["Offset of field: audit_status::mask"][::core::mem::offset_of!(audit_status, mask) - 0usize];
    ["Offset of field: audit_status::enabled"]
        [::core::mem::offset_of!(audit_status, enabled) - 4usize];
    ["Offset of field: audit_status::failure"]
        [::core::mem::offset_of!(audit_status, failure) - 8usize];
    ["Offset of field: audit_status::pid"][::core::mem::offset_of!(audit_status, pid) - 12usize];
    ["Offset of field: audit_status::rate_limit"]
        [::core::mem::offset_of!(audit_status, rate_limit) - 16usize];
    ["Offset of field: audit_status::backlog_limit"]
        [::core::mem::offset_of!(audit_status, backlog_limit) - 20usize];
    ["Offset of field: audit_status::lost"][::core::mem::offset_of!(audit_status, lost) - 24usize];
    ["Offset of field: audit_status::backlog"]
        [::core::mem::offset_of!(audit_status, backlog) - 28usize];
    ["Offset of field: audit_status::backlog_wait_time"]
        [::core::mem::offset_of!(audit_status, backlog_wait_time) - 36usize];
    ["Offset of field: audit_status::backlog_wait_time_actual"]
        [::core::mem::offset_of!(audit_status, backlog_wait_time_actual) - 40usize];
};
pub const rule_layout_RULE_LIST: rule_layout = 0;
pub const rule_layout_RULE_ACTION: rule_layout = 4;
pub const rule_layout_RULE_FIELD_COUNT: rule_layout = 8;
pub const rule_layout_RULE_FIELDS: rule_layout = 268;
pub const rule_layout_RULE_VALUES: rule_layout = 524;
pub const rule_layout_RULE_OPERATORS: rule_layout = 780;
pub const rule_layout_RULE_TEXT_LEN: rule_layout = 1036;
pub const rule_layout_RULE_TEXT: rule_layout = 1040;
pub type rule_layout = ::core::ffi::c_uint;
