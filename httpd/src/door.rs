//! Who is let in where: what a program says of its own addresses, in one table.
//!
//! The table is made by [`crate::doors!`], which makes a `match` of it as well: whoever adds a route does not compile until
//! he has said who is let in, and tests that go through all doors go through the new one.

/// A kind of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// By which the log knows it: a URL would show credentials.
    pub name: &'static str,
    /// For whom it opens.
    pub opens: Opens,
    /// Some of its addresses, with words in capitals in the places of what differs: `USER` and `PASS` for a pair.
    pub at: &'static [&'static str],
}

/// For whom a door opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// For anybody: there is nothing to be had that is somebody's.
    Anybody,
    /// For whoever shows the name and the password of a user, or a token in their place.
    Users,
    /// For whoever has logged in with a browser, by the cookie that he got.
    Visitors,
    /// For whoever is in our own house.
    Home,
    /// For whoever was given the address: a part of it is such that nobody makes it up.
    Holders,
    /// For the operator: by a key, by a login, or because he is at this machine.
    Operators,
    /// For our own relays, by their key.
    Relays,
    /// It only says which other program opens or does not.
    Elsewhere,
    /// For nobody: there is nothing.
    Nobody,
}

/// Makes `DOORS`, the table of the doors of a `Route`, and `Route::door`, its line about a route, of lines such as
/// `Route::Health => "health", Anybody, ["/health"];`. The patterns must be exhaustive.
#[macro_export]
macro_rules! doors {
    ($($route:pat => $name:literal, $opens:ident, [$($at:literal),* $(,)?];)*) => {
        /// All doors.
        pub const DOORS: &[$crate::Door] = &[
            $($crate::Door { name: $name, opens: $crate::Opens::$opens, at: &[$($at),*] }),*
        ];

        impl Route {
            /// Who is let in where this leads.
            pub fn door(&self) -> $crate::Door {
                match self {
                    $($route => $crate::Door { name: $name, opens: $crate::Opens::$opens, at: &[$($at),*] },)*
                }
            }
        }
    };
}
