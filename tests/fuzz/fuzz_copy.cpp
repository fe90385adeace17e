// COPY data as the target and staging send it, in binary and text: the digester that sees it stream by and the decoder of
// the re-read, written apart, must see the same rows or both refuse, wherever the data is cut.
#include <memory>
#include <vector>

#include "fuzz.hpp"
#include "loader/validate/copy_decoder.hpp"
#include "loader/validate/value_form.hpp"

using namespace lakemover;

namespace {

constexpr const char* kCodecs[] = {"int4",    "numeric", "text",  "bpchar", "float8", "_numeric", "record",   "_record",
                                   "bytea",   "bool",    "jsonb", "_text",  "_foo",   "interval", "timetz",   "enum",
                                   "numeric", "uuid",    "date",  "int8",   "json",   "varchar",  "timestamp"};

struct Outcome {
    codec::Digest digest;
    bool refused = false;
    bool operator==(const Outcome& o) const { return refused == o.refused && (refused || digest == o.digest); }
};

Outcome streamed(const std::vector<codec::Form>& forms, std::string_view data, std::size_t piece,
                 codec::Format format) {
    codec::RowHasherConfig config;
    config.columns = forms;
    codec::StreamDigester digester(config, format);
    Outcome outcome;
    try {
        for (std::size_t at = 0; at < data.size(); at += piece) digester.feed(data.substr(at, piece));
        digester.finish();
    } catch (const codec::DecodeError&) {
        outcome.refused = true;
    }
    outcome.digest = digester.digest();
    return outcome;
}

Outcome reread(const std::vector<codec::Form>& forms, std::string_view data, std::size_t piece, codec::Format format) {
    const codec::RowHasher hasher(codec::HashKey{}, codec::table_shape(forms, format));
    // Each piece is gone when the next comes.
    auto current = std::make_shared<std::string>();
    std::size_t at = 0;
    const loader::PullBytes pull = [&](std::string_view& out) {
        if (at >= data.size()) return false;
        current = std::make_shared<std::string>(data.substr(at, piece));
        at += piece;
        out = *current;
        return true;
    };
    loader::CopyDecoder decoder(pull, format, {}, loader::CopyDecoder::Framing::kRaw);
    Outcome outcome;
    const auto append_be = [](std::string& to, std::uint64_t value, int bytes) {
        for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(value >> (8 * i));
    };
    try {
        while (decoder.next()) {
            std::string row;
            append_be(row, forms.size(), 2);
            for (std::size_t i = 0; i < forms.size(); ++i) {
                const loader::Cell& cell = decoder.cells()[i];
                if (cell.null) {
                    append_be(row, UINT32_MAX, 4);
                    continue;
                }
                std::string value;
                loader::append_canonical(value, forms[i], format, cell.bytes);
                append_be(row, value.size(), 4);
                row += value;
                // What a report would show of it must not harm either.
                (void)loader::display_value(forms[i], format, cell.bytes);
            }
            outcome.digest.add(hasher.hash(row));
        }
    } catch (const codec::DecodeError&) {
        outcome.refused = true;
    } catch (const codec::ValueError&) {
        outcome.refused = true;
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    fuzz::Input in(bytes, size);
    const codec::Format format = (in.byte() & 1U) != 0 ? codec::Format::kText : codec::Format::kBinary;
    std::vector<codec::Form> forms;
    std::vector<std::string> names;
    for (int columns = 1 + in.byte() % 6; columns > 0; --columns)
        forms.push_back(codec::form_of(kCodecs[in.byte() % std::size(kCodecs)]));
    const std::size_t piece = 1 + in.byte() % 40;
    const std::string_view data = in.rest();
    const Outcome whole = streamed(forms, data, std::max<std::size_t>(data.size(), 1), format);
    fuzz::require(whole == streamed(forms, data, piece, format), "the digest depends on where the data is cut", data);
    fuzz::require(whole == reread(forms, data, piece, format), "digester and decoder see different rows", data);
    return 0;
}
