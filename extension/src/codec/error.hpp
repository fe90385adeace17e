// Malformed COPY data. Pure zone.
#pragma once
#include <stdexcept>

namespace lakemover::codec {

// The message names the row (counted from 1) and the column.
struct DecodeError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace lakemover::codec
