//! Coax where it is put: on a hosting platform, behind proxies, with https of its own.

mod authority;
mod compose;
mod home;
mod hosted;
mod https;
mod proxies;
mod units;

pub(crate) use home::eventually;
