// The text format of StreamDigester: lines as COPY TO writes them, unescaped while they arrive straight into the row's
// canonical bytes, so that a row is held once. Pure zone.
#include <algorithm>
#include <array>
#include <cstring>

#include "codec/stream_digester.hpp"

namespace lakemover::codec {

namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 30;

// Bytes that end a run of plain ones.
constexpr std::array<bool, 256> make_special() {
    std::array<bool, 256> special{};
    special['\t'] = special['\n'] = special['\\'] = special['\r'] = true;
    special['\0'] = true;
    return special;
}
constexpr std::array<bool, 256> kSpecial = make_special();

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

void StreamDigester::start_text_row() {
    in_row_ = true;
    field_ = 0;
    pending_.assign(2, '\0');
    store_be(pending_.data(), static_cast<std::uint16_t>(columns_.size()));
    field_start_ = 2;
    pending_.append(4, '\0');
    null_marker_ = false;
}

// Closes the field: patches its length word, drops what is not canonical.
void StreamDigester::end_text_field() {
    if (field_ >= columns_.size()) {
        fail(0, "line has more than " + std::to_string(columns_.size()) + " fields");
    }
    const std::size_t start = field_start_ + 4;
    if (null_marker_) {
        pending_.resize(start);
        store_be<std::int32_t>(pending_.data() + field_start_, -1);
    } else {
        if (columns_[field_].form.kind == Kind::kBpchar) {
            while (pending_.size() > start && pending_.back() == ' ') {
                pending_.pop_back();
            }
        }
        store_be(pending_.data() + field_start_, static_cast<std::int32_t>(pending_.size() - start));
    }
    null_marker_ = false;
    ++field_;
}

// One character after a backslash, or what continues an octal or hexadecimal escape. c is consumed.
void StreamDigester::text_escape(char c) {
    escape_ = Escape::kNone;
    char plain = c;
    switch (c) {
        case 'b': plain = '\b'; break;
        case 'f': plain = '\f'; break;
        case 'n': plain = '\n'; break;
        case 'r': plain = '\r'; break;
        case 't': plain = '\t'; break;
        case 'v': plain = '\v'; break;
        case 'x':
            escape_ = Escape::kHex;
            escape_digits_ = 0;
            escape_value_ = 0;
            return;
        case 'N':
            // \N is NULL when it is all of the field; that shows with the next byte.
            if (pending_.size() == field_start_ + 4) {
                null_marker_ = true;
                return;
            }
            break;
        case '.':
            if (field_ == 0 && pending_.size() == field_start_ + 4) {
                fail(0, "end-of-data marker within the data");
            }
            break;
        case '\n':
        case '\r': fail(field_ + 1, "backslash at the end of a line");
        default:
            if (c >= '0' && c <= '7') {
                escape_ = Escape::kOctal;
                escape_digits_ = 1;
                escape_value_ = static_cast<unsigned>(c - '0');
                return;
            }
            break;
    }
    pending_.push_back(plain);
}

void StreamDigester::feed_text(std::string_view bytes) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end) {
        if (!in_row_) {
            start_text_row();
        }
        if (escape_ == Escape::kBackslash) {
            text_escape(*at++);
            continue;
        }
        if (escape_ != Escape::kNone) {
            const bool octal = escape_ == Escape::kOctal;
            const int digit = octal ? (*at >= '0' && *at <= '7' ? *at - '0' : -1) : hex_digit(*at);
            if (digit >= 0) {
                escape_value_ = escape_value_ * (octal ? 8U : 16U) + static_cast<unsigned>(digit);
                ++escape_digits_;
                ++at;
            }
            if (digit < 0 || escape_digits_ == (octal ? 3 : 2)) {
                // \x without a digit stands for x.
                pending_.push_back(escape_digits_ == 0 ? 'x' : static_cast<char>(escape_value_ & 0xffU));
                escape_ = Escape::kNone;
            }
            continue;
        }
        if (null_marker_ && *at != '\t' && *at != '\n') {
            null_marker_ = false;
            pending_.push_back('N');
        }
        const char* stop = at;
        while (stop != end && !kSpecial[static_cast<unsigned char>(*stop)]) {
            ++stop;
        }
        if (stop != at) {
            pending_.append(at, stop);
            at = stop;
            if (pending_.size() > kMaxText) {
                fail(field_ + 1, "row of 1 GB or more");
            }
            continue;
        }
        switch (*at++) {
            case '\\': escape_ = Escape::kBackslash; break;
            case '\t':
                end_text_field();
                if (field_ == columns_.size()) {
                    fail(0, "line has more than " + std::to_string(columns_.size()) + " fields");
                }
                field_start_ = pending_.size();
                pending_.append(4, '\0');
                break;
            case '\n':
                if (columns_.empty()) {
                    // The line of a table without columns is empty, and has no field.
                    if (pending_.size() != 6) {
                        fail(0, "line has fields where none are expected");
                    }
                    pending_.resize(2);
                } else {
                    end_text_field();
                    if (field_ != columns_.size()) {
                        fail(0, "line of " + std::to_string(field_) + " fields where " +
                                    std::to_string(columns_.size()) + " are expected");
                    }
                }
                end_row(pending_.data(), pending_.size());
                shrink(pending_);
                in_row_ = false;
                break;
            case '\r': fail(field_ + 1, "unescaped carriage return");
            default: fail(field_ + 1, "zero byte in text");
        }
    }
}

}  // namespace lakemover::codec
