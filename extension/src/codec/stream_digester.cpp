// Digests COPY BINARY payload as it streams by; the text format is in text_digester.cpp. Pure zone.
#include "codec/stream_digester.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lakemover::codec {

namespace {

constexpr std::size_t kMaxRow = std::size_t{1} << 30;        // the server's limit for a message, and so for a row
constexpr std::size_t kKeepCapacity = std::size_t{4} << 20;  // a larger buffer is given back after its row

}  // namespace

std::string table_shape(const std::vector<Form>& columns, Format format) {
    std::string shape(1, static_cast<char>(format));
    std::array<char, 2> count{};
    store_be(count.data(), static_cast<std::uint16_t>(columns.size()));
    shape.append(count.data(), count.size());
    for (const Form& form : columns) {
        append_tag(shape, form);
    }
    return shape;
}

StreamDigester::StreamDigester(RowHasherConfig config, Format format)
    : names_(std::move(config.names)), format_(format), hasher_(config.key, table_shape(config.columns, format)),
      stats_(config.columns.size()) {
    columns_.reserve(config.columns.size());
    for (Form& form : config.columns) {
        const Kind kind = form.kind;
        columns_.push_back(Column{std::move(form), fixed_width(kind), always_canonical(kind)});
    }
}

void StreamDigester::reset() {
    digest_ = Digest{};
    stats_.assign(columns_.size(), ColumnStats{});
    bytes_ = 0;
    pending_.clear();
    needed_ = scanned_ = field_ = 0;
    in_row_ = false;
    escape_ = Escape::kNone;
}

void StreamDigester::fail(std::size_t column, const std::string& what) const {
    const std::string name = column > 0 && column <= names_.size() ? names_[column - 1] : std::string{};
    throw DecodeError(digest_.rows + 1, column, name, what);
}

void StreamDigester::feed(std::string_view bytes) {
    bytes_ += bytes.size();
    if (format_ == Format::kBinary) {
        feed_binary(bytes);
    } else {
        feed_text(bytes);
    }
}

void StreamDigester::finish() {
    if (!pending_.empty() || in_row_) {
        fail(0, "data ends within a row");
    }
}

void StreamDigester::shrink(std::string& buffer) const {
    buffer.clear();
    if (buffer.capacity() > kKeepCapacity) {
        buffer.shrink_to_fit();
    }
}

inline void StreamDigester::add_value(std::size_t column, const char* data, std::size_t size) {
    ColumnStats& stats = stats_[column];
    ++stats.non_null;
    stats.bytes += size;
    stats.hash_sum += XXH3_64bits_withSeed(data, size, column + 1);
}

void StreamDigester::feed_binary(std::string_view bytes) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    if (!pending_.empty()) {
        // Take only what the row still needs to be parsed further: its end is not known yet.
        for (;;) {
            const std::size_t take = std::min(needed_ - pending_.size(), static_cast<std::size_t>(end - at));
            pending_.append(at, take);
            at += take;
            if (pending_.size() < needed_) {
                return;
            }
            if (advance_pending()) {
                break;
            }
        }
        canonical_row(pending_.data(), pending_.size(), pending_.data());
        shrink(pending_);
    }
    while (at != end) {
        const std::size_t size = whole_tuple(at, static_cast<std::size_t>(end - at));
        if (size == 0) {
            pending_.assign(at, 0);
            needed_ = 2;
            scanned_ = 0;
            field_ = 0;
            const auto rest = static_cast<std::size_t>(end - at);
            std::size_t taken = 0;
            while (taken < rest) {
                const std::size_t take = std::min(needed_ - taken, rest - taken);
                pending_.append(at + taken, take);
                taken += take;
                // whole_tuple found the row incomplete, so this cannot finish it.
                if (pending_.size() == needed_) {
                    advance_pending();
                }
            }
            return;
        }
        at += size;
    }
}

// Parses on in pending_; true when the row is complete. Otherwise needed_ says what to wait for.
bool StreamDigester::advance_pending() {
    if (scanned_ == 0) {
        const auto fields = load_be<std::int16_t>(pending_.data());
        if (fields < 0 || static_cast<std::size_t>(fields) != columns_.size()) {
            fail(0, "tuple of " + std::to_string(fields) + " fields where " + std::to_string(columns_.size()) +
                        " are expected");
        }
        scanned_ = 2;
        if (columns_.empty()) {
            return true;
        }
        needed_ = 6;
        return false;
    }
    // A length word starts at scanned_; with the value that belongs to it, it ends at needed_.
    const auto length = load_be<std::int32_t>(pending_.data() + scanned_);
    if (length < -1) {
        fail(field_ + 1, "negative length of a value");
    }
    const std::size_t value_end = scanned_ + 4 + static_cast<std::size_t>(std::max(length, 0));
    if (value_end > kMaxRow) {
        fail(field_ + 1, "row of 1 GB or more");
    }
    if (needed_ < value_end) {
        // The value and the next length word; one reservation, so that a huge value is held once.
        pending_.reserve(value_end + 4);
        needed_ = value_end;
        if (pending_.size() < value_end) {
            return false;
        }
    }
    scanned_ = value_end;
    ++field_;
    if (field_ == columns_.size()) {
        return true;
    }
    needed_ = value_end + 4;
    return false;
}

// The common case: the tuple lies whole in the caller's buffer. Returns its size, 0 when it is not whole.
std::size_t StreamDigester::whole_tuple(const char* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const auto fields = load_be<std::int16_t>(data);
    if (fields < 0 || static_cast<std::size_t>(fields) != columns_.size()) {
        fail(0, "tuple of " + std::to_string(fields) + " fields where " + std::to_string(columns_.size()) +
                    " are expected");
    }
    // First find the end: statistics must not be counted for a row that comes again, put together.
    std::size_t at = 2;
    bool canonical = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (size - at < 4) {
            return 0;
        }
        const auto length = load_be<std::int32_t>(data + at);
        at += 4;
        if (length == -1) {
            continue;
        }
        if (length < 0) {
            fail(i + 1, "negative length of a value");
        }
        const auto value_size = static_cast<std::size_t>(length);
        if (size - at < value_size) {
            return 0;
        }
        const Column& column = columns_[i];
        if (column.always) {
            if (column.width != 0 && column.width != value_size) {
                fail(i + 1, "value of " + std::to_string(length) + " bytes where its type has " +
                                std::to_string(column.width));
            }
        } else if (canonical) {
            try {
                canonical = is_canonical(column.form, {data + at, value_size});
            } catch (const ValueError& e) {
                fail(i + 1, e.what());
            }
        }
        at += value_size;
    }
    if (canonical) {
        end_row(data, at);
    } else {
        scratch_.resize(std::max(scratch_.size(), at));
        canonical_row(data, at, scratch_.data());
        if (scratch_.size() > kKeepCapacity) {
            shrink(scratch_);
        }
    }
    return at;
}

// wire is one complete tuple of valid framing; out may be wire itself.
void StreamDigester::canonical_row(const char* wire, std::size_t size, char* out) {
    std::size_t in_at = 2;
    std::size_t out_at = 2;
    std::memmove(out, wire, 2);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto length = load_be<std::int32_t>(wire + in_at);
        in_at += 4;
        std::size_t written = 0;
        if (length >= 0) {
            const auto value_size = static_cast<std::size_t>(length);
            const Column& column = columns_[i];
            if (column.width != 0 && column.width != value_size) {
                fail(i + 1, "value of " + std::to_string(length) + " bytes where its type has " +
                                std::to_string(column.width));
            }
            if (column.always) {
                std::memmove(out + out_at + 4, wire + in_at, value_size);
                written = value_size;
            } else {
                try {
                    written = canonicalize(column.form, {wire + in_at, value_size}, out + out_at + 4);
                } catch (const ValueError& e) {
                    fail(i + 1, e.what());
                }
            }
            in_at += value_size;
        }
        store_be<std::int32_t>(out + out_at, length < 0 ? -1 : static_cast<std::int32_t>(written));
        out_at += 4 + written;
    }
    if (in_at != size) {
        fail(0, "tuple has bytes after its last field");
    }
    end_row(out, out_at);
}

// row is canonical and complete, of either format.
void StreamDigester::end_row(const char* row, std::size_t size) {
    std::size_t at = 2;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const auto length = load_be<std::int32_t>(row + at);
        at += 4;
        if (length >= 0) {
            add_value(i, row + at, static_cast<std::size_t>(length));
            at += static_cast<std::size_t>(length);
        }
    }
    digest_.add(hasher_.hash(row, size));
}

}  // namespace lakemover::codec
