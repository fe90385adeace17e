// Encoders of text: UTF-16 as every driver delivers it, to UTF-8. Pure zone; see encode.hpp.
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cctype>

#include "source/odbc/field.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr std::size_t kMostBytes = 0x3fffffff - 4;

bool is_text(std::string_view codec) {
    return codec == "text" || codec == "varchar" || codec == "bpchar" || codec == "citext";
}

// Appends UTF-8 to a string through a small buffer: a string that is resized first would be filled with
// zeros, and one that grows by characters is slow.
class Utf8Writer {
public:
    Utf8Writer(const Policy& policy, std::string& out) : policy_(policy), out_(out) {}

    // Units that start at a character's beginning, or with the second half of pending_high.
    void write(const char* data, std::size_t units) {
        const char* const end = data + 2 * units;
        while (data < end) {
            if (used_ + 3 * kStride > sizeof buffer_) {
                flush();
            }
            if (high == 0 && ascii(data, end)) {
                continue;
            }
            const std::size_t stop = std::min<std::size_t>(kStride, static_cast<std::size_t>(end - data) / 2);
            for (std::size_t i = 0; i < stop; ++i, data += 2) {
                unit(load<std::uint16_t>(data));
            }
        }
    }
    // Ends the value.
    void finish() {
        if (high != 0) {
            lone();
        }
        flush();
    }
    void flush() {
        out_.append(buffer_, used_);
        used_ = 0;
    }

    std::uint16_t high = 0;  // the first half of a pair, waiting
    bool stripped = false;
    bool replaced = false;

private:
    static constexpr std::size_t kStride = 16;

    // Up to kStride units of ASCII without NUL at once.
    bool ascii(const char*& data, const char* end) {
#ifdef __SSE2__
        if (static_cast<std::size_t>(end - data) < 2 * kStride) {
            return false;
        }
        const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data));
        const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + 16));
        const __m128i zero = _mm_setzero_si128();
        const __m128i above = _mm_and_si128(_mm_or_si128(a, b), _mm_set1_epi16(static_cast<short>(0xff80)));
        const __m128i nul = _mm_or_si128(_mm_cmpeq_epi16(a, zero), _mm_cmpeq_epi16(b, zero));
        if (_mm_movemask_epi8(_mm_cmpeq_epi16(above, zero)) != 0xffff || _mm_movemask_epi8(nul) != 0) {
            return false;
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(buffer_ + used_), _mm_packus_epi16(a, b));
        used_ += kStride;
        data += 2 * kStride;
        return true;
#else
        if (static_cast<std::size_t>(end - data) < 8) {
            return false;
        }
        const auto four = load<std::uint64_t>(data);
        constexpr std::uint64_t kOnes = 0x0001000100010001;
        if ((four & 0xff80ff80ff80ff80) != 0 || (((four - kOnes) & 0x8000800080008000) != 0)) {
            return false;
        }
        for (int i = 0; i < 4; ++i) {
            buffer_[used_++] = static_cast<char>(four >> (16 * i));
        }
        data += 8;
        return true;
#endif
    }

    void unit(std::uint16_t u) {
        if (u >= 0xdc00 && u <= 0xdfff && high != 0) {
            const std::uint32_t point = 0x10000 + ((static_cast<std::uint32_t>(high) - 0xd800) << 10) + (u - 0xdc00U);
            high = 0;
            put(0xf0 | (point >> 18));
            put(0x80 | ((point >> 12) & 0x3f));
            put(0x80 | ((point >> 6) & 0x3f));
            put(0x80 | (point & 0x3f));
            return;
        }
        if (high != 0) {
            high = 0;
            lone();
        }
        if (u < 0x80) {
            if (u == 0) {
                nul();
                return;
            }
            put(u);
        } else if (u < 0x800) {
            put(0xc0U | (u >> 6));
            put(0x80U | (u & 0x3f));
        } else if (u >= 0xd800 && u <= 0xdbff) {
            high = u;
        } else if (u >= 0xdc00 && u <= 0xdfff) {
            lone();
        } else {
            three(u);
        }
    }
    void put(std::uint32_t byte) { buffer_[used_++] = static_cast<char>(byte); }
    void three(std::uint32_t u) {
        put(0xe0 | (u >> 12));
        put(0x80 | ((u >> 6) & 0x3f));
        put(0x80 | (u & 0x3f));
    }
    void nul() {
        if (policy_.nul == Policy::Nul::kFail) {
            throw value_error("22021", "the text contains a NUL character (U+0000), which PostgreSQL cannot store",
                              "plan on_nul = 'strip' for the column, which takes them out");
        }
        stripped = true;
    }
    void lone() {
        if (policy_.surrogate == Policy::Surrogate::kFail) {
            throw value_error("22021", "the text contains half of a surrogate pair, which has no form in UTF-8",
                              "plan on_surrogate = 'replace' for the column, which makes them U+FFFD");
        }
        replaced = true;
        three(0xfffd);
    }

    const Policy& policy_;
    std::string& out_;
    std::size_t used_ = 0;
    char buffer_[1024];
};

void count(const Utf8Writer& writer, Losses& losses) {
    losses.nul += writer.stripped ? 1 : 0;
    losses.surrogate += writer.replaced ? 1 : 0;
}

// What the target adds to plain text.
struct Form {
    bool jsonb = false;  // version byte 1
    bool xml = false;
    bool trim = false;  // char(n) and nchar(n): the padding
};

// xml_recv() converts from the encoding that the text declares, while the text is UTF-8 now: the declaration
// is blanked out. PostgreSQL never shows it either.
void blank_xml_encoding(char* text, std::size_t bytes) {
    const std::string_view document(text, bytes);
    if (!document.starts_with("<?xml") || bytes < 6 || std::isspace(static_cast<unsigned char>(text[5])) == 0) {
        return;
    }
    const std::size_t end = document.find("?>");
    const std::string_view declaration = document.substr(0, end == std::string_view::npos ? 0 : end);
    const std::size_t at = declaration.find("encoding");
    if (at == std::string_view::npos) {
        return;
    }
    const std::size_t open = declaration.find_first_of("\"'", at);
    const std::size_t close = open == std::string_view::npos ? open : declaration.find(declaration[open], open + 1);
    if (close != std::string_view::npos) {
        std::fill(text + at, text + close + 1, ' ');
    }
}

// The field at start, whose payload is all of out behind it.
void complete(const Form& form, std::size_t start, std::string& out) {
    const std::size_t payload = start + 4 + (form.jsonb ? 1 : 0);
    if (form.trim) {
        std::size_t end = out.size();
        while (end > payload && out[end - 1] == ' ') {
            --end;
        }
        out.resize(end);
    }
    if (form.xml) {
        blank_xml_encoding(out.data() + payload, out.size() - payload);
    }
    const std::size_t bytes = out.size() - start - 4;
    if (bytes > kMostBytes) {
        throw value_error("54000",
                          "a value of more than " + std::to_string(kMostBytes) + " bytes cannot be stored in a field");
    }
    store_be32(out.data() + start, static_cast<std::uint32_t>(bytes));
}

void open_field(const Form& form, std::string& out) {
    static constexpr char kOpen[5] = {0, 0, 0, 0, 1};
    out.append(kOpen, form.jsonb ? 5 : 4);
}

class TextEncoder final : public Encoder {
public:
    TextEncoder(Form form, const Policy& policy, Losses& losses) : form_(form), policy_(policy), losses_(losses) {}
    void value(const char* data, std::size_t bytes, std::string& out) override {
        if (bytes % 2 != 0) {
            throw value_error("22P03", "the driver returned text that ends within a UTF-16 unit");
        }
        const std::size_t start = out.size();
        open_field(form_, out);
        Utf8Writer writer(policy_, out);
        try {
            writer.write(data, bytes / 2);
            writer.finish();
            complete(form_, start, out);
        } catch (const Error&) {
            out.resize(start);
            throw;
        }
        count(writer, losses_);
    }

private:
    Form form_;
    Policy policy_;
    Losses& losses_;
};

class LongTextEncoder final : public LongEncoder {
public:
    LongTextEncoder(Form form, const Policy& policy, Losses& losses) : form_(form), policy_(policy), losses_(losses) {}
    void begin(std::string& out) override {
        start_ = out.size();
        high_ = 0;
        half_ = false;
        stripped_ = false;
        replaced_ = false;
        open_field(form_, out);
    }
    void piece(const char* data, std::size_t bytes, std::string& out) override {
        Utf8Writer writer = resumed(out);
        if (half_ && bytes > 0) {
            const char unit[2] = {first_byte_, *data};
            writer.write(unit, 1);
            half_ = false;
            ++data;
            --bytes;
        }
        writer.write(data, bytes / 2);
        if (bytes % 2 != 0) {
            half_ = true;
            first_byte_ = data[bytes - 1];
        }
        writer.flush();
        high_ = writer.high;
        stripped_ = writer.stripped;
        replaced_ = writer.replaced;
        if (out.size() - start_ > kMostBytes + 4) {
            throw value_error(
                "54000", "a value of more than " + std::to_string(kMostBytes) + " bytes cannot be stored in a field");
        }
    }
    void finish(std::string& out) override {
        if (half_) {
            throw value_error("22P03", "the driver returned text that ends within a UTF-16 unit");
        }
        Utf8Writer writer = resumed(out);
        writer.finish();
        complete(form_, start_, out);
        count(writer, losses_);
    }

private:
    Utf8Writer resumed(std::string& out) const {
        Utf8Writer writer(policy_, out);
        writer.high = high_;
        writer.stripped = stripped_;
        writer.replaced = replaced_;
        return writer;
    }

    Form form_;
    Policy policy_;
    Losses& losses_;
    std::size_t start_ = 0;
    std::uint16_t high_ = 0;
    bool half_ = false;
    char first_byte_ = 0;
    bool stripped_ = false;
    bool replaced_ = false;
};

// Whether the codec is one of text, and how.
bool text_form(const SqlType& from, std::string_view codec, Form& form) {
    form.trim = from.kind == TypeKind::kChar || from.kind == TypeKind::kNchar;
    form.jsonb = codec == "jsonb";
    form.xml = codec == "xml";
    return form.jsonb || form.xml || codec == "json" || is_text(codec);
}

}  // namespace

std::unique_ptr<Encoder> make_text_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                           Losses& losses) {
    Form form;
    return text_form(from, codec, form) ? std::make_unique<TextEncoder>(form, policy, losses) : nullptr;
}

std::unique_ptr<LongEncoder> make_long_text_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                                    Losses& losses) {
    Form form;
    return text_form(from, codec, form) ? std::make_unique<LongTextEncoder>(form, policy, losses) : nullptr;
}

std::string utf8_from_utf16(const char* data, std::size_t bytes, const Policy& policy, Losses& losses) {
    std::string text;
    Utf8Writer writer(policy, text);
    writer.write(data, bytes / 2);
    writer.finish();
    count(writer, losses);
    return text;
}

}  // namespace lakemover::source::odbc
