// The settings under which values become text and text becomes values: those that every connection to
// a source is pinned to. Zone: PostgreSQL.
#pragma once

namespace lakemover::fdw {

// Between the two, output functions write what the source reads. An error in between is cleaned up
// with its (sub)transaction.
int begin_text_settings();
void end_text_settings(int nest_level);

}  // namespace lakemover::fdw
