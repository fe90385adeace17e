// Decodes COPY data into rows of fields, for the re-read of the target. Written apart from codec::StreamDigester on
// purpose and shares no parsing with it: what one gets wrong, the other must not. Throws codec::DecodeError and
// whatever the byte source throws.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/error.hpp"
#include "codec/stream_digester.hpp"

namespace lakemover::loader {

// The next piece of data, valid until the next call; false at the end.
using PullBytes = std::function<bool(std::string_view&)>;

struct Cell {
    bool null = true;
    std::string_view bytes;  // binary: the wire form; text: unescaped
};

class CopyDecoder {
public:
    // kFile: as the server's COPY TO sends it, in binary with header and trailer. kRaw: bare tuples.
    enum class Framing { kFile, kRaw };

    CopyDecoder(PullBytes pull, codec::Format format, std::vector<std::string> column_names, Framing framing);

    // Reads the next row; false at the proper end of the data.
    bool next();
    const std::vector<Cell>& cells() const { return cells_; }  // valid until the next call of next()
    // The row's bytes as COPY has them: a binary tuple, or a line with its end. As long valid.
    std::string_view raw() const { return raw_; }
    std::uint64_t rows() const { return rows_; }

private:
    [[noreturn]] void malformed(std::size_t column, const std::string& what) const;
    bool have(std::size_t bytes);  // makes so many bytes readable from the row's start
    std::string_view ahead(std::size_t offset, std::size_t bytes) const { return window_.substr(offset, bytes); }
    void consume(std::size_t bytes) { window_.remove_prefix(bytes); }
    void read_header();
    bool next_tuple();
    bool next_line();
    void decode_line(std::string_view line);

    PullBytes pull_;
    codec::Format format_;
    std::vector<std::string> names_;
    Framing framing_;
    bool at_start_ = true;
    bool at_end_ = false;
    std::string_view window_;  // unread bytes: in the source's piece, or the tail of store_
    bool in_store_ = false;
    std::string store_;  // pieces put together where a row crosses their borders
    std::string text_;   // unescaped fields of a line
    std::vector<Cell> cells_;
    std::string_view raw_;
    std::vector<std::pair<std::size_t, std::size_t>> places_;  // offset and size of each field, npos for NULL
    std::uint64_t rows_ = 0;
};

}  // namespace lakemover::loader
