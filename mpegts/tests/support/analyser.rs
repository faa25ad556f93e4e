//! An independent reader of transport streams: what it sees, to compare with what we say.
#![allow(missing_docs, unreachable_pub)] // as its macro writes it

use std::collections::BTreeMap;

use mpeg2ts_reader::demultiplex::{
    Demultiplex, DemuxContext, FilterChangeset, FilterRequest, NullPacketFilter, PatPacketFilter,
    PmtPacketFilter,
};
use mpeg2ts_reader::packet_filter_switch;
use mpeg2ts_reader::pes::{ElementaryStreamConsumer, PesContents, PesHeader, PesPacketFilter, PtsDts};

/// What it saw on one PID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub continuity_errors: u64,
    /// PTS and DTS of each unit, in ticks of 90 kHz.
    pub times: Vec<(Option<u64>, Option<u64>)>,
    /// What is in the units.
    pub content: Vec<u8>,
}

/// All streams of the programs in `stream`, by PID.
pub fn analyse(stream: &[u8]) -> BTreeMap<u16, Line> {
    let mut context = Context::default();
    Demultiplex::new(&mut context).push(&mut context, stream);
    context.lines
}

packet_filter_switch! {
    Filter<Context> {
        Pat: PatPacketFilter<Context>,
        Pmt: PmtPacketFilter<Context>,
        Pes: PesPacketFilter<Context, Consumer>,
        Nothing: NullPacketFilter<Context>,
    }
}

#[derive(Default)]
pub struct Context {
    changes: FilterChangeset<Filter>,
    lines: BTreeMap<u16, Line>,
}

impl DemuxContext for Context {
    type F = Filter;

    fn filter_changeset(&mut self) -> &mut FilterChangeset<Filter> {
        &mut self.changes
    }

    fn construct(&mut self, request: FilterRequest<'_, '_>) -> Filter {
        match request {
            FilterRequest::ByPid(pid) if u16::from(pid) == 0 => Filter::Pat(PatPacketFilter::default()),
            FilterRequest::Pmt { pid, program_number } => {
                Filter::Pmt(PmtPacketFilter::new(pid, program_number))
            }
            FilterRequest::ByStream { stream_info, .. } => {
                Filter::Pes(PesPacketFilter::new(Consumer(stream_info.elementary_pid().into())))
            }
            _ => Filter::Nothing(NullPacketFilter::default()),
        }
    }
}

pub struct Consumer(u16);

impl ElementaryStreamConsumer<Context> for Consumer {
    fn start_stream(&mut self, _: &mut Context) {}

    fn begin_packet(&mut self, context: &mut Context, header: PesHeader<'_>) {
        let line = context.lines.entry(self.0).or_default();
        let PesContents::Parsed(Some(contents)) = header.contents() else { return };
        line.times.push(match contents.pts_dts() {
            Ok(PtsDts::PtsOnly(Ok(pts))) => (Some(pts.value()), None),
            Ok(PtsDts::Both { pts: Ok(pts), dts: Ok(dts) }) => (Some(pts.value()), Some(dts.value())),
            _ => (None, None),
        });
        line.content.extend_from_slice(contents.payload());
    }

    fn continue_packet(&mut self, context: &mut Context, data: &[u8]) {
        context.lines.entry(self.0).or_default().content.extend_from_slice(data);
    }

    fn end_packet(&mut self, _: &mut Context) {}

    fn continuity_error(&mut self, context: &mut Context) {
        context.lines.entry(self.0).or_default().continuity_errors += 1;
    }
}
