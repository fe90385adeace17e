// Digests COPY payload as it streams by: raw binary tuples without header and trailer, or text lines, cut into pieces
// anywhere. Pure zone; feed and finish throw codec::DecodeError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/canonical.hpp"
#include "codec/digest.hpp"
#include "codec/error.hpp"

namespace lakemover::codec {

enum class Format : std::uint8_t { kBinary = 'b', kText = 't' };

struct RowHasherConfig {
    HashKey key{};
    std::vector<Form> columns;
    std::vector<std::string> names;  // for messages only; may be empty
};

// What the row hasher's key is derived from, with the run's key: format, number of columns and their type tags.
std::string table_shape(const std::vector<Form>& columns, Format format);

// A row's canonical bytes are int16 number of fields, then per field int32 length (-1 NULL) and canonical bytes: the
// form of a binary tuple. So a tuple whose values are canonical on the wire is hashed where it lies; a row that is cut
// between pieces is put together in a buffer of its size, and compacted there.
class StreamDigester {
public:
    StreamDigester(RowHasherConfig config, Format format);

    void feed(std::string_view bytes);
    void finish();  // throws if the last row is incomplete

    const Digest& digest() const { return digest_; }
    std::uint64_t rows() const { return digest_.rows; }
    const std::vector<ColumnStats>& columns() const { return stats_; }
    std::uint64_t bytes() const { return bytes_; }  // of payload fed

    // Forgets rows and sums, keeps key and columns: for the next chunk of the same table.
    void reset();

private:
    struct Column {
        Form form;
        std::size_t width;  // 0: varies
        bool always;        // wire bytes are always canonical
    };

    [[noreturn]] void fail(std::size_t column, const std::string& what) const;
    void feed_binary(std::string_view bytes);
    void feed_text(std::string_view bytes);
    std::size_t whole_tuple(const char* data, std::size_t size);
    bool advance_pending();
    void end_row(const char* row, std::size_t size);
    void canonical_row(const char* wire, std::size_t size, char* out);
    void start_text_row();
    void text_escape(char c);
    void end_text_field();
    void add_value(std::size_t column, const char* data, std::size_t size);
    void shrink(std::string& buffer) const;

    std::vector<Column> columns_;
    std::vector<std::string> names_;
    Format format_;
    RowHasher hasher_;
    Digest digest_;
    std::vector<ColumnStats> stats_;
    std::uint64_t bytes_ = 0;

    std::string pending_;      // binary: the row that is not complete yet; text: its canonical bytes so far
    std::size_t needed_ = 0;   // binary: bytes that pending_ must have before parsing can go on
    std::size_t scanned_ = 0;  // binary: bytes of pending_ that were parsed
    std::size_t field_ = 0;    // fields of the pending row that are complete
    std::string scratch_;      // canonical bytes of a row that lies in the caller's buffer

    // Text only: where in a line we are.
    enum class Escape : std::uint8_t { kNone, kBackslash, kOctal, kHex };
    bool in_row_ = false;
    Escape escape_ = Escape::kNone;
    int escape_digits_ = 0;
    unsigned escape_value_ = 0;
    std::size_t field_start_ = 0;  // of the field's length word in pending_
    bool null_marker_ = false;     // the field is \N so far
};

}  // namespace lakemover::codec
