// The re-read's decoder, and its agreement with the streaming digester on everything either can read.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "codec_wire.hpp"
#include "loader/validate/copy_decoder.hpp"
#include "loader/validate/value_form.hpp"

namespace {

using lakemover::codec::ColumnStats;
using lakemover::codec::DecodeError;
using lakemover::codec::Digest;
using lakemover::codec::Form;
using lakemover::codec::form_of;
using lakemover::codec::Format;
using lakemover::codec::RowHasher;
using lakemover::codec::RowHasherConfig;
using lakemover::codec::StreamDigester;
using lakemover::codec::ValueError;
using lakemover::loader::CopyDecoder;
using wire::tuple;

std::vector<std::string> names(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 1; i <= count; ++i) {
        out.push_back("c" + std::to_string(i));
    }
    return out;
}

// Gives the data away in pieces, and spoils each piece when the next is asked for: views into it must not survive.
lakemover::loader::PullBytes in_pieces(const std::string& data, std::size_t size) {
    struct State {
        std::string data;
        std::string piece;
        std::size_t at = 0;
    };
    auto state = std::make_shared<State>(State{data, {}, 0});
    return [state, size](std::string_view& out) {
        std::fill(state->piece.begin(), state->piece.end(), '?');
        if (state->at >= state->data.size()) {
            return false;
        }
        state->piece = state->data.substr(state->at, size);
        state->at += size;
        out = state->piece;
        return true;
    };
}

struct Outcome {
    Digest digest;
    std::string error;
};

Outcome reread(const std::vector<std::string>& codecs, const std::string& data, std::size_t piece, Format format,
               CopyDecoder::Framing framing = CopyDecoder::Framing::kRaw) {
    std::vector<Form> forms;
    for (const std::string& codec : codecs) {
        forms.push_back(form_of(codec));
    }
    const RowHasher hasher(lakemover::codec::HashKey{}, lakemover::codec::table_shape(forms, format));
    CopyDecoder decoder(in_pieces(data, piece), format, names(codecs.size()), framing);
    Outcome outcome;
    try {
        while (decoder.next()) {
            std::string row = wire::i2(static_cast<int>(forms.size()));
            for (std::size_t i = 0; i < forms.size(); ++i) {
                const auto& cell = decoder.cells()[i];
                if (cell.null) {
                    row += wire::i4(-1);
                    continue;
                }
                std::string value;
                lakemover::loader::append_canonical(value, forms[i], format, cell.bytes);
                row += wire::counted(value);
            }
            outcome.digest.add(hasher.hash(row));
        }
    } catch (const DecodeError& e) {
        outcome.error = e.what();
    } catch (const ValueError& e) {
        outcome.error = e.what();
    }
    return outcome;
}

Outcome streamed(const std::vector<std::string>& codecs, const std::string& data, std::size_t piece, Format format) {
    RowHasherConfig config;
    for (const std::string& codec : codecs) {
        config.columns.push_back(form_of(codec));
    }
    StreamDigester digester(config, format);
    Outcome outcome;
    try {
        for (std::size_t at = 0; at < data.size(); at += piece) {
            digester.feed(std::string_view(data).substr(at, piece));
        }
        digester.finish();
    } catch (const DecodeError& e) {
        outcome.error = e.what();
    }
    outcome.digest = digester.digest();
    return outcome;
}

const std::vector<std::string> kShapes{"int4", "numeric", "_numeric", "record", "_record", "bpchar", "float8", "_foo"};

std::string varied_rows() {
    return tuple({wire::i4(1), wire::numeric(0, 0, 2, {1, 2}),
                  wire::array(1700, {wire::numeric(0, 0, 0, {1}), std::nullopt}, 1),
                  wire::record({{16400, wire::array(16401, {"x"}, 0)}, {25, "y"}}),
                  wire::array(16402, {wire::record({{1700, wire::numeric(0, 0, 0, {1})}})}, 0), "a ", wire::f8(1),
                  wire::array(16403, {wire::record({{16400, "z"}})}, 0)}) +
           tuple({std::nullopt, wire::numeric(2, 0x4000, 3, {0, 0, 7, 0}), std::nullopt, std::nullopt, std::nullopt,
                  "  ", wire::f8(-0.0), std::nullopt}) +
           tuple({wire::i4(-1), wire::numeric(0, 0xD000, 32, {}), wire::array(1700, {}, 1), wire::record({}),
                  std::nullopt, "", std::string("\xff\xf8\0\0\0\0\0\0", 8), std::nullopt});
}

TEST(CopyDecoder, AgreesWithTheDigesterAtEveryPieceSize) {
    const std::string data = varied_rows();
    const Outcome whole = streamed(kShapes, data, data.size(), Format::kBinary);
    ASSERT_EQ(whole.error, "");
    for (std::size_t piece = 1; piece <= data.size(); ++piece) {
        const Outcome again = reread(kShapes, data, piece, Format::kBinary);
        ASSERT_EQ(again.error, "") << "pieces of " << piece;
        ASSERT_EQ(again.digest, whole.digest) << "pieces of " << piece;
    }
}

TEST(CopyDecoder, AgreesOnText) {
    const std::vector<std::string> codecs{"int4", "text", "bpchar"};
    const std::string data = "1\t\\N\tab  \n2\ta\\\\b\\n\\101\\x41\\v\t\n3\t\xc3\xa9\\N\t\\N\n";
    const Outcome whole = streamed(codecs, data, data.size(), Format::kText);
    ASSERT_EQ(whole.error, "");
    ASSERT_EQ(whole.digest.rows, 3U);
    for (std::size_t piece = 1; piece <= data.size(); ++piece) {
        ASSERT_EQ(reread(codecs, data, piece, Format::kText).digest, whole.digest) << "pieces of " << piece;
    }
}

TEST(CopyDecoder, ReadsHeaderAndTrailer) {
    const std::string header = std::string("PGCOPY\n\377\r\n\0", 11) + wire::i4(0) + wire::i4(0);
    const std::string row = tuple({wire::i4(1)});
    const auto file = [](const std::string& data) {
        return reread({"int4"}, data, 3, Format::kBinary, CopyDecoder::Framing::kFile);
    };
    EXPECT_EQ(file(header + row + wire::i2(-1)).digest, reread({"int4"}, row, 5, Format::kBinary).digest);
    EXPECT_EQ(file(header + wire::i2(-1)).digest.rows, 0U);
    EXPECT_NE(file(header + row).error, "") << "no trailer";
    EXPECT_NE(file(header + row + wire::i2(-1) + "x").error, "") << "data after the trailer";
    EXPECT_NE(file(row + wire::i2(-1)).error, "") << "no header";
    EXPECT_NE(file("").error, "") << "nothing at all";
}

// A random mutation may be an error or another row, but both decoders must see the same thing.
TEST(CopyDecoder, AgreesOnRandomlyDamagedData) {
    std::mt19937 random(7);
    const std::string valid = varied_rows();
    int errors = 0;
    int equal = 0;
    for (int round = 0; round < 1500; ++round) {
        std::string data = valid;
        const auto edits = 1 + random() % 3;
        for (unsigned i = 0; i < edits; ++i) {
            data[random() % data.size()] = static_cast<char>(random() % 2 == 0 ? random() : random() % 4);
        }
        if (random() % 8 == 0) {
            data.resize(random() % data.size());
        }
        const Format format = random() % 16 == 0 ? Format::kText : Format::kBinary;
        const std::size_t piece = 1 + random() % 80;
        const Outcome a = streamed(kShapes, data, piece, format);
        const Outcome b = reread(kShapes, data, 1 + random() % 80, format);
        ASSERT_EQ(a.error.empty(), b.error.empty()) << "round " << round << ": " << a.error << " / " << b.error;
        if (a.error.empty()) {
            ASSERT_EQ(a.digest, b.digest) << "round " << round;
            ++equal;
        } else {
            ++errors;
        }
    }
    EXPECT_GT(errors, 100);
    EXPECT_GT(equal, 100);
}

TEST(DisplayValue, ShowsWhatPsqlShows) {
    const auto show = [](const char* codec, const std::string& bytes) {
        return lakemover::loader::display_value(form_of(codec), Format::kBinary, bytes);
    };
    EXPECT_EQ(show("int2", wire::i2(-3)), "-3");
    EXPECT_EQ(show("bool", std::string("\1", 1)), "t");
    EXPECT_EQ(show("numeric", wire::numeric(1, 0x4000, 3, {12, 34, 5600})), "-120034.560");
    EXPECT_EQ(show("numeric", wire::numeric(-2, 0, 6, {12})), "0.000000");
    EXPECT_EQ(show("numeric", wire::numeric(-1, 0, 4, {12})), "0.0012");
    EXPECT_EQ(show("numeric", wire::numeric(2, 0, 0, {1})), "100000000");
    EXPECT_EQ(show("date", wire::i4(0)), "2000-01-01");
    EXPECT_EQ(show("date", wire::i4(-730119)), "0001-01-01");
    EXPECT_EQ(show("date", wire::i4(-730120)), "0001-12-31 BC");
    EXPECT_EQ(show("date", wire::i4(2921939)), "9999-12-31");
    EXPECT_EQ(show("timestamp", wire::i8(-1)), "1999-12-31 23:59:59.999999");
    EXPECT_EQ(show("timestamptz", wire::i8(86400000000)), "2000-01-02 00:00:00.000000+00");
    EXPECT_EQ(show("timestamp", wire::i8(INT64_MAX)), "infinity");
    EXPECT_EQ(show("timetz", wire::i8(0) + wire::i4(-3600)), "00:00:00.000000+01:00:00");
    EXPECT_EQ(show("interval", wire::i8(-1000000) + wire::i4(2) + wire::i4(14)), "14 mons 2 days -00:00:01.000000");
    EXPECT_EQ(show("uuid", std::string(16, '\x11')), "11111111-1111-1111-1111-111111111111");
    EXPECT_EQ(show("bytea", "\x01\xff"), "\\x01ff");
    EXPECT_EQ(show("jsonb", "\x01{}"), "{}");
    EXPECT_EQ(show("_int4", wire::array(23, {wire::i4(7), std::nullopt}, 1)), "{7,NULL}");
    EXPECT_EQ(show("record", wire::record({{23, wire::i4(7)}, {25, "x"}, {25, std::nullopt}})), "(7,x,)");
    EXPECT_EQ(show("float8", wire::f8(1.5)), "1.5");
    EXPECT_EQ(show("int4", "abc"), "\\x616263") << "a malformed value is shown in hexadecimal";
}

}  // namespace
