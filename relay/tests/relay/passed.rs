//! Channels whose HLS is passed on as it is, because it cannot become a transport stream.

mod limits;
mod player;
mod refusals;
mod sources;
