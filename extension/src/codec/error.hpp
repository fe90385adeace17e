// Failure of the codec: bytes that are not what COPY sends. Pure zone.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

namespace lakemover::codec {

// Malformed payload. row counts from 1 within what the decoder was fed; column counts from 1, 0 when the
// row's framing itself is wrong.
struct DecodeError : std::runtime_error {
    DecodeError(std::uint64_t at_row, std::size_t at_column, const std::string& name, const std::string& what)
        : std::runtime_error("malformed COPY data: " + what + " (row " + std::to_string(at_row) +
                             (at_column == 0 ? std::string{} : ", column " + std::to_string(at_column)) +
                             (name.empty() ? std::string{} : " \"" + name + "\"") + ")"),
          row(at_row), column(at_column), reason(what) {}
    std::uint64_t row;
    std::size_t column;
    std::string reason;
};

// A value that is not valid for its type; the digester adds row and column.
struct ValueError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace lakemover::codec
