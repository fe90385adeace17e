// Decodes COPY data into rows of fields. Throws codec::DecodeError.
#include "loader/validate/copy_decoder.hpp"

#include <cctype>
#include <utility>

namespace lakemover::loader {

namespace {

constexpr std::size_t kNull = std::string_view::npos;
constexpr std::size_t kMostReserved = std::size_t{1} << 30;  // more than a row can have
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);

// Big-endian, byte by byte.
std::uint32_t word(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char c : bytes) {
        value = (value << 8U) | static_cast<unsigned char>(c);
    }
    return value;
}

}  // namespace

CopyDecoder::CopyDecoder(PullBytes pull, codec::Format format, std::vector<std::string> column_names, Framing framing)
    : pull_(std::move(pull)), format_(format), names_(std::move(column_names)), framing_(framing) {
    cells_.resize(names_.size());
}

void CopyDecoder::malformed(std::size_t column, const std::string& what) const {
    throw codec::DecodeError(rows_ + 1, column, column == 0 ? std::string{} : names_[column - 1], what);
}

bool CopyDecoder::have(std::size_t bytes) {
    while (window_.size() < bytes) {
        if (at_end_) {
            return false;
        }
        // What is unread must be ours before the source's piece goes: the next pull invalidates it.
        if (!window_.empty()) {
            if (!in_store_) {
                store_.assign(window_);
                in_store_ = true;
            } else if (window_.size() < store_.size()) {
                store_.erase(0, store_.size() - window_.size());
            }
            if (store_.capacity() < bytes && bytes < kMostReserved) {
                store_.reserve(bytes);
            }
            window_ = store_;
        }
        std::string_view next_piece;
        if (!pull_(next_piece)) {
            at_end_ = true;
            return false;
        }
        if (window_.empty()) {
            window_ = next_piece;
            in_store_ = false;
        } else {
            store_.append(next_piece);
            window_ = store_;
        }
    }
    return true;
}

void CopyDecoder::read_header() {
    at_start_ = false;
    if (!have(19) || ahead(0, 11) != kSignature) {
        malformed(0, "the data does not start with the signature of binary COPY");
    }
    if ((word(ahead(11, 4)) & 0xffff0000U) != 0) {
        malformed(0, "unknown critical flag in the header");
    }
    const std::size_t extension = word(ahead(15, 4));
    if (!have(19 + extension)) {
        malformed(0, "header is cut off");
    }
    consume(19 + extension);
}

bool CopyDecoder::next() {
    const bool more = format_ == codec::Format::kBinary ? next_tuple() : next_line();
    if (more) {
        ++rows_;
    }
    return more;
}

bool CopyDecoder::next_tuple() {
    if (at_start_ && framing_ == Framing::kFile) {
        read_header();
    }
    if (!have(2)) {
        if (framing_ == Framing::kFile || !window_.empty()) {
            malformed(0, "data ends without the trailer or within a row");
        }
        return false;
    }
    const std::uint32_t fields = word(ahead(0, 2));
    if (fields == 0xffffU && framing_ == Framing::kFile) {
        consume(2);
        if (have(1)) {
            malformed(0, "data after the trailer");
        }
        return false;
    }
    if (fields != cells_.size()) {
        malformed(
            0, "row of " + std::to_string(fields) + " fields where " + std::to_string(cells_.size()) + " are expected");
    }
    std::size_t offset = 2;
    places_.clear();
    for (std::size_t i = 1; i <= cells_.size(); ++i) {
        if (!have(offset + 4)) {
            malformed(i, "data ends within a row");
        }
        const std::uint32_t length = word(ahead(offset, 4));
        offset += 4;
        if (length == 0xffffffffU) {
            places_.emplace_back(kNull, 0);
            continue;
        }
        if (length > 0x7fffffffU) {
            malformed(i, "negative length");
        }
        if (!have(offset + length)) {
            malformed(i, "data ends within a row");
        }
        places_.emplace_back(offset, length);
        offset += length;
    }
    // have() may have moved the row while it was read; its fields stand still only now.
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto [at, size] = places_[i];
        cells_[i] = at == kNull ? Cell{} : Cell{false, ahead(at, size)};
    }
    raw_ = ahead(0, offset);
    consume(offset);
    return true;
}

bool CopyDecoder::next_line() {
    std::size_t searched = 0;
    std::size_t end = window_.find('\n');
    while (end == std::string_view::npos) {
        searched = window_.size();
        if (!have(searched + 1)) {
            if (!window_.empty()) {
                malformed(0, "data ends within a line");
            }
            return false;
        }
        end = window_.find('\n', searched);
    }
    const std::string_view line = window_.substr(0, end);
    if (line == "\\.") {
        malformed(0, "end-of-data marker within the data");
    }
    decode_line(line);
    raw_ = ahead(0, end + 1);
    consume(end + 1);
    return true;
}

// Splits at the tabs first, then unescapes each field: COPY writes a tab within a value as \t, so every tab separates.
void CopyDecoder::decode_line(std::string_view line) {
    text_.clear();
    text_.reserve(line.size());  // unescaping never lengthens: the views below stay valid
    std::size_t column = 0;
    std::string_view rest = line;
    bool more = !cells_.empty() || !line.empty();
    while (more) {
        const std::size_t tab = rest.find('\t');
        const std::string_view raw = rest.substr(0, tab);
        more = tab != std::string_view::npos;
        rest = more ? rest.substr(tab + 1) : std::string_view{};
        if (column == cells_.size()) {
            malformed(0, "line has more than " + std::to_string(cells_.size()) + " fields");
        }
        Cell& cell = cells_[column++];
        if (raw == "\\N") {
            cell = Cell{};
            continue;
        }
        const std::size_t start = text_.size();
        for (std::size_t i = 0; i < raw.size(); ++i) {
            if (raw[i] == '\r' || raw[i] == '\0') {
                malformed(column, "control character that COPY would have escaped");
            }
            if (raw[i] != '\\') {
                text_.push_back(raw[i]);
                continue;
            }
            if (++i == raw.size()) {
                malformed(column, "backslash at the end of a field");
            }
            static constexpr std::string_view kLetters = "bfnrtv";
            static constexpr std::string_view kControls = "\b\f\n\r\t\v";
            if (const std::size_t letter = kLetters.find(raw[i]); letter != std::string_view::npos) {
                text_.push_back(kControls[letter]);
                continue;
            }
            // COPY TO never writes numeric escapes; reading them costs nothing and COPY FROM would.
            const bool hex =
                raw[i] == 'x' && i + 1 < raw.size() && std::isxdigit(static_cast<unsigned char>(raw[i + 1]));
            const bool octal = raw[i] >= '0' && raw[i] <= '7';
            if (!hex && !octal) {
                text_.push_back(raw[i]);
                continue;
            }
            const std::size_t digits_at = hex ? i + 1 : i;
            const std::size_t most = hex ? 2 : 3;
            std::size_t count = 0;
            const auto is_digit = [&](char c) {
                return hex ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : c >= '0' && c <= '7';
            };
            while (count < most && digits_at + count < raw.size() && is_digit(raw[digits_at + count])) {
                ++count;
            }
            const std::string digits(raw.substr(digits_at, count));
            text_.push_back(static_cast<char>(std::stoul(digits, nullptr, hex ? 16 : 8) & 0xffU));
            i = digits_at + count - 1;
        }
        cell = Cell{false, std::string_view(text_).substr(start)};
    }
    if (column != cells_.size()) {
        malformed(0, "line of " + std::to_string(column) + " fields where " + std::to_string(cells_.size()) +
                         " are expected");
    }
}

}  // namespace lakemover::loader
