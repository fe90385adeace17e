// The stream digest: golden vectors, splits, order, duplicates, and every mutation that validation must catch.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "codec/stream_digester.hpp"
#include "codec_wire.hpp"

namespace {

using lakemover::codec::DecodeError;
using lakemover::codec::Digest;
using lakemover::codec::form_of;
using lakemover::codec::Format;
using lakemover::codec::Kind;
using lakemover::codec::RowHash;
using lakemover::codec::RowHasher;
using lakemover::codec::RowHasherConfig;
using lakemover::codec::StreamDigester;
using wire::tuple;

RowHasherConfig config(const std::vector<std::string>& codecs) {
    RowHasherConfig c;
    for (std::size_t i = 0; i < c.key.size(); ++i) {
        c.key[i] = static_cast<unsigned char>(i);
    }
    for (const std::string& codec : codecs) {
        c.columns.push_back(form_of(codec));
        c.names.push_back("c" + std::to_string(c.names.size() + 1));
    }
    return c;
}

StreamDigester digested(const std::vector<std::string>& codecs, const std::vector<std::string>& pieces,
                        Format format = Format::kBinary) {
    StreamDigester d(config(codecs), format);
    for (const std::string& piece : pieces) {
        d.feed(piece);
    }
    d.finish();
    return d;
}

Digest digest(const std::vector<std::string>& codecs, const std::vector<std::string>& pieces,
              Format format = Format::kBinary) {
    return digested(codecs, pieces, format).digest();
}

// Computed with an independent implementation of SipHash-2-4-128 (checked against its authors' vectors) from the
// definition in docs/validation.md: it must never change, or old runs could not be validated again.
TEST(Digest, GoldenVector) {
    const std::vector<std::string> rows{tuple({wire::i8(42), "Zo\xc3\xab"}), tuple({wire::i8(43), std::nullopt})};
    const Digest d = digest({"int8", "text"}, rows);
    EXPECT_EQ(d.rows, 2U);
    EXPECT_EQ(d.lane1_text(), "21725476511294217272");
    EXPECT_EQ(d.lane2_text(), "26436912756050546153");
}

TEST(Digest, ShapeIsPartOfTheKey) {
    const lakemover::codec::HashKey key{};
    const RowHasher a(key, "x");
    const RowHasher b(key, "y");
    EXPECT_EQ(a.hash("row"), a.hash("row"));
    EXPECT_FALSE(a.hash("row") == b.hash("row"));
    EXPECT_FALSE(a.hash("row") == a.hash("rov"));
}

TEST(Digest, LanesAreExactBeyond64Bits) {
    Digest d;
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
    for (int i = 0; i < 3; ++i) {
        d.add(RowHash{top, top - 1});
    }
    EXPECT_EQ(d.rows, 3U);
    EXPECT_EQ(d.lane1_text(), "55340232221128654845");
    EXPECT_EQ(d.lane2_text(), "55340232221128654842");
    EXPECT_EQ(Digest::from_text(3, d.lane1_text(), d.lane2_text()), d);
    EXPECT_EQ(Digest{}.lane1_text(), "0");
    EXPECT_THROW(Digest::from_text(1, "", "0"), std::invalid_argument);
    EXPECT_THROW(Digest::from_text(1, "-1", "0"), std::invalid_argument);
    EXPECT_THROW(Digest::from_text(1, "340282366920938463463374607431768211456", "0"), std::invalid_argument);
    EXPECT_EQ(Digest::from_text(1, "340282366920938463463374607431768211455", "0").lane1_text(),
              "340282366920938463463374607431768211455");
}

const std::vector<std::string> kMixed{"int8", "text", "numeric", "bool", "timestamptz", "bpchar", "float8", "_int4"};

std::vector<std::string> mixed_rows() {
    return {
        tuple({wire::i8(1), "alpha", wire::numeric(0, 0, 2, {12, 3400}), std::string("\1", 1), wire::i8(1000000),
               "ab   ", wire::f8(1.5), wire::array(23, {wire::i4(1), std::nullopt}, 1)}),
        tuple({wire::i8(2), "", wire::numeric(0, 0x4000, 2, {12}), std::string("\0", 1), wire::i8(-5), "", std::nullopt,
               std::nullopt}),
        tuple({wire::i8(3), std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, wire::f8(-0.0),
               wire::array(23, {}, 0)}),
        tuple({wire::i8(4), std::string(300, 'z') + "\xc3\xa4", wire::numeric(0, 0xC000, 0, {}), std::string("\1", 1),
               wire::i8(7), "x", wire::f8(std::numeric_limits<double>::quiet_NaN()),
               wire::array(23, {wire::i4(7)}, 0)}),
    };
}

std::string joined(const std::vector<std::string>& rows) {
    std::string all;
    for (const std::string& row : rows) {
        all += row;
    }
    return all;
}

TEST(Digest, SplitAtEveryByte) {
    const std::string all = joined(mixed_rows());
    const StreamDigester whole = digested(kMixed, {all});
    EXPECT_EQ(whole.rows(), 4U);
    for (std::size_t i = 0; i <= all.size(); ++i) {
        const StreamDigester split = digested(kMixed, {all.substr(0, i), all.substr(i)});
        ASSERT_EQ(split.digest(), whole.digest()) << "split at " << i;
        ASSERT_EQ(split.columns(), whole.columns()) << "split at " << i;
    }
    StreamDigester single(config(kMixed), Format::kBinary);
    for (const char c : all) {
        single.feed({&c, 1});
    }
    single.finish();
    EXPECT_EQ(single.digest(), whole.digest());
    EXPECT_EQ(single.columns(), whole.columns());
    EXPECT_EQ(single.bytes(), all.size());
}

TEST(Digest, OrderDoesNotMatterAndChunksMerge) {
    std::vector<std::string> rows = mixed_rows();
    const Digest whole = digest(kMixed, {joined(rows)});
    std::sort(rows.begin(), rows.end());
    do {
        ASSERT_EQ(digest(kMixed, rows), whole);
    } while (std::next_permutation(rows.begin(), rows.end()));
    Digest merged = digest(kMixed, {rows[0], rows[1]});
    merged.add(digest(kMixed, {rows[2], rows[3]}));
    EXPECT_EQ(merged, whole);
}

TEST(Digest, EqualPairsDoNotCancel) {
    const std::vector<std::string> rows = mixed_rows();
    EXPECT_NE(digest(kMixed, {rows[0], rows[0]}), digest(kMixed, {rows[1], rows[1]}));
    EXPECT_NE(digest(kMixed, {rows[0], rows[0], rows[1]}), digest(kMixed, {rows[0], rows[1], rows[1]}));
}

TEST(Digest, ResetStartsAfresh) {
    const std::vector<std::string> rows = mixed_rows();
    StreamDigester d(config(kMixed), Format::kBinary);
    d.feed(rows[0]);
    d.feed(rows[1].substr(0, 9));
    d.reset();
    d.feed(rows[2]);
    d.finish();
    EXPECT_EQ(d.digest(), digest(kMixed, {rows[2]}));
    EXPECT_EQ(d.rows(), 1U);
}

TEST(Digest, TypesAndFormatArePartOfTheHash) {
    const std::string row = tuple({std::string("abcd")});
    EXPECT_NE(digest({"text"}, {row}), digest({"bytea"}, {row}));
    EXPECT_NE(digest({"text"}, {row}), digest({"json"}, {row}));
    EXPECT_NE(digest({"text"}, {row}), digest({"text"}, {"abcd\n"}, Format::kText));
    EXPECT_NE(digest({"_int4"}, {}).rows, 1U);
}

// Field borders are part of the hash: no concatenation of neighbours is equal to another.
TEST(Digest, FieldBorders) {
    const std::vector<std::string> two{"text", "text"};
    EXPECT_NE(digest(two, {tuple({"ab", "c"})}), digest(two, {tuple({"a", "bc"})}));
    EXPECT_NE(digest(two, {tuple({"", "x"})}), digest(two, {tuple({"x", ""})}));
    EXPECT_NE(digest(two, {tuple({std::nullopt, ""})}), digest(two, {tuple({"", std::nullopt})}));
}

TEST(Canonical, FloatRules) {
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    const Digest quiet = digest({"float8"}, {tuple({wire::f8(nan)})});
    EXPECT_EQ(quiet, digest({"float8"}, {tuple({wire::f8(-nan)})}));
    EXPECT_EQ(quiet, digest({"float8"}, {tuple({std::string("\x7f\xf0\0\0\0\0\0\1", 8)})}));
    EXPECT_NE(quiet, digest({"float8"}, {tuple({wire::f8(std::numeric_limits<double>::infinity())})}));
    EXPECT_NE(digest({"float8"}, {tuple({wire::f8(0.0)})}), digest({"float8"}, {tuple({wire::f8(-0.0)})}));
    const auto nan4 = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(digest({"float4"}, {tuple({wire::f4(nan4)})}), digest({"float4"}, {tuple({wire::f4(-nan4)})}));
    EXPECT_NE(digest({"float4"}, {tuple({wire::f4(0.0F)})}), digest({"float4"}, {tuple({wire::f4(-0.0F)})}));
}

TEST(Canonical, NumericRules) {
    const auto d = [](const std::string& codec, const std::string& value) { return digest({codec}, {tuple({value})}); };
    // 1.50 as a server sends it, and with zero digits around it as an encoder might.
    const std::string plain = wire::numeric(0, 0, 2, {1, 5000});
    EXPECT_EQ(d("numeric", plain), d("numeric", wire::numeric(1, 0, 2, {0, 1, 5000, 0})));
    // The display scale is data: 1.5 is not 1.50 - except where the plan changes the scale.
    EXPECT_NE(d("numeric", plain), d("numeric", wire::numeric(0, 0, 1, {1, 5000})));
    RowHasherConfig by_value = config({"numeric"});
    by_value.columns.front().kind = Kind::kNumericValue;
    StreamDigester a(by_value, Format::kBinary);
    a.feed(tuple({plain}));
    StreamDigester b(by_value, Format::kBinary);
    b.feed(tuple({wire::numeric(0, 0, 6, {1, 5000})}));
    EXPECT_EQ(a.digest(), b.digest());
    // Zero has one form, of either sign; a special value carries no scale.
    EXPECT_EQ(d("numeric", wire::numeric(0, 0, 0, {})), d("numeric", wire::numeric(3, 0x4000, 0, {0, 0})));
    EXPECT_EQ(d("numeric", wire::numeric(0, 0xD000, 32, {})), d("numeric", wire::numeric(0, 0xD000, 0, {})));
    EXPECT_NE(d("numeric", wire::numeric(0, 0xD000, 0, {})), d("numeric", wire::numeric(0, 0xF000, 0, {})));
}

TEST(Canonical, PaddingOfCharOnly) {
    const auto d = [](const std::string& codec, const std::string& v) { return digest({codec}, {tuple({v})}); };
    EXPECT_EQ(d("bpchar", "ab"), d("bpchar", "ab    "));
    EXPECT_EQ(d("bpchar", ""), d("bpchar", "   "));
    EXPECT_NE(d("bpchar", "ab"), d("bpchar", "ab\t"));
    EXPECT_NE(d("varchar", "ab"), d("varchar", "ab "));
    EXPECT_EQ(d("_bpchar", wire::array(1042, {"a "}, 0)), d("_bpchar", wire::array(1042, {"a"}, 0)));
    EXPECT_EQ(digest({"bpchar"}, {"ab \n"}, Format::kText), digest({"bpchar"}, {"ab\n"}, Format::kText));
    EXPECT_NE(digest({"varchar"}, {"ab \n"}, Format::kText), digest({"varchar"}, {"ab\n"}, Format::kText));
}

TEST(Canonical, OidsOfUserTypesAreMasked) {
    const auto d = [](const std::string& codec, const std::string& v) { return digest({codec}, {tuple({v})}); };
    // An enum's array and a composite carry OIDs that differ between servers.
    EXPECT_EQ(d("_enum", wire::array(16400, {"red"}, 0)), d("_enum", wire::array(20001, {"red"}, 0)));
    EXPECT_NE(d("_enum", wire::array(16400, {"red"}, 0)), d("_enum", wire::array(16400, {"rad"}, 0)));
    EXPECT_NE(d("_int4", wire::array(23, {wire::i4(1)}, 0)), d("_int4", wire::array(20, {wire::i4(1)}, 0)));
    const auto composite = [](std::uint32_t base) {
        return wire::record({{23, wire::i4(5)},
                             {base, "happy"},
                             {base + 1, wire::array(base, {"sad", std::nullopt}, 1)},
                             {base + 2, wire::record({{25, "x"}, {base, "y"}})},
                             {1042, "pad"},
                             {base + 3, std::nullopt}});
    };
    EXPECT_EQ(d("record", composite(16500)), d("record", composite(99000)));
    EXPECT_EQ(d("record(int4,enum,_enum,record(text,enum),bpchar,enum)", composite(16500)),
              d("record(int4,enum,_enum,record(text,enum),bpchar,enum)", composite(99000)));
    EXPECT_EQ(d("_record", wire::array(16500, {composite(16501)}, 0)),
              d("_record", wire::array(30000, {composite(16384)}, 0)));
    // Built-in OIDs are the same everywhere: another one is another type.
    EXPECT_NE(d("record", wire::record({{25, "x"}})), d("record", wire::record({{1043, "x"}})));
}

TEST(Canonical, NullFlagOfArraysIsRecomputed) {
    const auto d = [](const std::string& v) { return digest({"_int4"}, {tuple({v})}); };
    EXPECT_EQ(d(wire::array(23, {wire::i4(1)}, 1)), d(wire::array(23, {wire::i4(1)}, 0)));
    EXPECT_EQ(d(wire::array(23, {std::nullopt}, 0)), d(wire::array(23, {std::nullopt}, 1)));
    EXPECT_NE(d(wire::array(23, {std::nullopt}, 1)), d(wire::array(23, {wire::i4(0)}, 0)));
}

// A row larger than a piece, with values that change: compacted in the buffer that holds it.
TEST(Canonical, CompactsInPlace) {
    const std::vector<std::string> codecs{"bpchar", "numeric", "text", "_bpchar"};
    const std::string padded = tuple({"x" + std::string(5000, ' '), wire::numeric(1, 0, 0, {0, 7}),
                                      std::string(100000, 'q'), wire::array(1042, {"a  ", std::nullopt, "b"}, 0)});
    const std::string trimmed = tuple(
        {"x", wire::numeric(0, 0, 0, {7}), std::string(100000, 'q'), wire::array(1042, {"a", std::nullopt, "b"}, 1)});
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < padded.size(); at += 777) {
        pieces.push_back(padded.substr(at, 777));
    }
    const StreamDigester in_place = digested(codecs, pieces);
    const StreamDigester copied = digested(codecs, {padded});
    const StreamDigester plain = digested(codecs, {trimmed});
    EXPECT_EQ(in_place.digest(), plain.digest());
    EXPECT_EQ(copied.digest(), plain.digest());
    EXPECT_EQ(in_place.columns(), plain.columns());
}

struct Mutation {
    const char* name;
    std::vector<std::string> rows;
};

// validation.md's list: each must change the digest, and the sums must point at the column.
TEST(Mutations, EachChangesTheDigest) {
    const std::vector<std::string> codecs{"int8", "text", "text", "timestamptz", "numeric"};
    const auto row = [](int id, wire::Value a, wire::Value b, std::int64_t micros, int last_digit) {
        return tuple({wire::i8(id), std::move(a), std::move(b), wire::i8(micros),
                      wire::numeric(0, 0, 2, {12, last_digit * 100})});
    };
    const std::vector<std::string> original{row(1, "Anna", "left", 1000000, 35), row(2, "Bert", "right", 2000000, 36),
                                            row(3, "caf\xc3\xa9", "", 3000000, 37)};
    std::vector<std::string> flipped = original;
    flipped[0][18] = static_cast<char>(flipped[0][18] ^ 1);
    const std::vector<Mutation> mutations{
        {"one bit flipped", flipped},
        {"values swapped between rows",
         {row(1, "Bert", "left", 1000000, 35), row(2, "Anna", "right", 2000000, 36), original[2]}},
        {"one row doubled, another deleted", {original[0], original[0], original[2]}},
        {"'' becomes NULL", {original[0], original[1], row(3, "caf\xc3\xa9", std::nullopt, 3000000, 37)}},
        {"one microsecond later", {row(1, "Anna", "left", 1000001, 35), original[1], original[2]}},
        {"last digit of a numeric", {row(1, "Anna", "left", 1000000, 34), original[1], original[2]}},
        {"trailing blank", {row(1, "Anna ", "left", 1000000, 35), original[1], original[2]}},
        {"case", {row(1, "anna", "left", 1000000, 35), original[1], original[2]}},
        {"NFD instead of NFC", {original[0], original[1], row(3, "cafe\xcc\x81", "", 3000000, 37)}},
        {"truncated", {row(1, "Ann", "left", 1000000, 35), original[1], original[2]}},
        {"two columns exchanged",
         {row(1, "left", "Anna", 1000000, 35), row(2, "right", "Bert", 2000000, 36),
          row(3, "", "caf\xc3\xa9", 3000000, 37)}},
        {"a row missing", {original[0], original[1]}},
        {"a row too many", {original[0], original[1], original[2], original[2]}},
    };
    const StreamDigester good = digested(codecs, original);
    for (const Mutation& m : mutations) {
        const StreamDigester bad = digested(codecs, m.rows);
        EXPECT_NE(bad.digest(), good.digest()) << m.name;
    }
    // Columns exchanged within one row only keep every column's multiset but not the rows.
    const StreamDigester micros = digested(codecs, mutations[4].rows);
    EXPECT_EQ(micros.columns()[0], good.columns()[0]);
    EXPECT_EQ(micros.columns()[1], good.columns()[1]);
    EXPECT_NE(micros.columns()[3], good.columns()[3]);
}

TEST(Text, EscapesAndNull) {
    const std::vector<std::string> two{"text", "text"};
    const auto t = [&](const std::string& line) { return digest(two, {line}, Format::kText); };
    EXPECT_EQ(t("a\\tb\tc\\nd\n"), t("a\\011b\tc\\x0ad\n"));
    EXPECT_EQ(t("\\\\N\tx\n"), t("\\134N\tx\n"));
    EXPECT_NE(t("\\N\tx\n"), t("\\\\N\tx\n"));
    EXPECT_NE(t("\\N\tx\n"), t("\tx\n"));
    EXPECT_NE(t("\\N\tx\n"), t("N\tx\n"));
    EXPECT_EQ(t("\\Na\tx\n"), t("Na\tx\n"));
    EXPECT_EQ(t("a\\Nb\tx\n"), t("aNb\tx\n"));
    EXPECT_EQ(t("\\b\\f\\r\\v\t\\q\n"), t("\\010\\014\\015\\013\tq\n"));
    EXPECT_EQ(t("\\xg\t\\x4\n"), t("xg\t\\4\n"));
}

TEST(Text, SplitAtEveryByte) {
    const std::string all = "1\t\\N\tab  \n2\ta\\\\b\\n\\101\\x41\t\n3\t\xc3\xa9\\N\t\\N\n";
    const std::vector<std::string> codecs{"int4", "text", "bpchar"};
    const StreamDigester whole = digested(codecs, {all}, Format::kText);
    EXPECT_EQ(whole.rows(), 3U);
    EXPECT_EQ(whole.columns()[1].non_null, 2U);
    EXPECT_EQ(whole.columns()[2].bytes, 2U);
    for (std::size_t i = 0; i <= all.size(); ++i) {
        const StreamDigester split = digested(codecs, {all.substr(0, i), all.substr(i)}, Format::kText);
        ASSERT_EQ(split.digest(), whole.digest()) << "split at " << i;
        ASSERT_EQ(split.columns(), whole.columns()) << "split at " << i;
    }
}

// For text the canonical bytes are the same in both formats; only the key differs.
TEST(Text, SameCanonicalBytesAsBinary) {
    const StreamDigester text = digested({"text", "bpchar"}, {"a\\tb\tx \n\\N\ty\n"}, Format::kText);
    const StreamDigester binary = digested({"text", "bpchar"}, {tuple({"a\tb", "x  "}), tuple({std::nullopt, "y"})});
    EXPECT_EQ(text.columns(), binary.columns());
    EXPECT_NE(text.digest(), binary.digest());
}

TEST(Malformed, NamesRowAndColumn) {
    const auto error = [](const std::vector<std::string>& codecs, const std::string& bytes, Format format) {
        StreamDigester d(config(codecs), format);
        try {
            d.feed(bytes);
            d.finish();
        } catch (const DecodeError& e) {
            return std::string(e.what());
        }
        return std::string("no error");
    };
    const std::string good = tuple({wire::i4(1), "x"});
    const std::vector<std::string> codecs{"int4", "text"};
    EXPECT_EQ(error(codecs, good + tuple({wire::i8(1), "x"}), Format::kBinary),
              "malformed COPY data: value of 8 bytes where its type has 4 (row 2, column 1 \"c1\")");
    EXPECT_EQ(error(codecs, tuple({"a"}), Format::kBinary),
              "malformed COPY data: tuple of 1 fields where 2 are expected (row 1)");
    EXPECT_EQ(error(codecs, good + wire::i2(-1), Format::kBinary),
              "malformed COPY data: tuple of -1 fields where 2 are expected (row 2)");
    EXPECT_EQ(error(codecs, good.substr(0, good.size() - 1), Format::kBinary),
              "malformed COPY data: data ends within a row (row 1)");
    EXPECT_EQ(error(codecs, wire::i2(2) + wire::i4(-2), Format::kBinary),
              "malformed COPY data: negative length of a value (row 1, column 1 \"c1\")");
    EXPECT_EQ(error(codecs, "1\n", Format::kText),
              "malformed COPY data: line of 1 fields where 2 are expected (row 1)");
    EXPECT_EQ(error(codecs, "1\t2\t3\n", Format::kText), "malformed COPY data: line has more than 2 fields (row 1)");
    EXPECT_EQ(error(codecs, "1\t2", Format::kText), "malformed COPY data: data ends within a row (row 1)");
    EXPECT_EQ(error(codecs, "\\.\n", Format::kText), "malformed COPY data: end-of-data marker within the data (row 1)");
    EXPECT_EQ(error({"numeric"}, tuple({wire::numeric(0, 0x1234, 0, {1})}), Format::kBinary),
              "malformed COPY data: numeric has an invalid sign (row 1, column 1 \"c1\")");
}

// Whatever arrives: an error or a digest, never a crash. Run under the sanitizers to mean anything.
TEST(Malformed, RandomBytesNeverCrash) {
    std::mt19937 random(20240611);
    const std::vector<std::string> shapes{"int4",    "numeric", "_numeric", "record",
                                          "_record", "bpchar",  "float8",   "_foo"};
    const std::string valid = joined({
        tuple({wire::i4(1), wire::numeric(0, 0, 2, {1, 2}),
               wire::array(1700, {wire::numeric(0, 0, 0, {1}), std::nullopt}, 1),
               wire::record({{16400, wire::array(16401, {"x"}, 0)}, {25, "y"}}),
               wire::array(16402, {wire::record({{1700, wire::numeric(0, 0, 0, {1})}})}, 0), "a ", wire::f8(1),
               wire::array(16403, {wire::record({{16400, "z"}})}, 0)}),
    });
    int errors = 0;
    int accepted = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string bytes = valid + valid;
        const auto edits = random() % 4;
        for (unsigned i = 0; i < edits; ++i) {
            bytes[random() % bytes.size()] = static_cast<char>(random() % 3 == 0 ? random() : random() % 4);
        }
        if (random() % 4 == 0) {
            bytes.resize(random() % bytes.size());
        }
        const Format format = random() % 8 == 0 ? Format::kText : Format::kBinary;
        StreamDigester d(config(shapes), format);
        try {
            std::size_t at = 0;
            while (at < bytes.size()) {
                const std::size_t size = 1 + random() % 64;
                d.feed(std::string_view(bytes).substr(at, size));
                at += size;
            }
            d.finish();
            ++accepted;
        } catch (const DecodeError&) {
            ++errors;
        }
    }
    EXPECT_GT(errors, 400);
    EXPECT_GT(accepted, 400);
}

TEST(Forms, OfCodecNames) {
    EXPECT_EQ(lakemover::codec::kind_of("int4"), Kind::kInt4);
    EXPECT_EQ(lakemover::codec::kind_of("varchar"), Kind::kText);
    EXPECT_EQ(lakemover::codec::kind_of("citext"), Kind::kOpaque);
    EXPECT_EQ(lakemover::codec::kind_of("_int4"), Kind::kArray);
    EXPECT_EQ(form_of("_record(int4,_enum)").parts.front().parts.size(), 2U);
    EXPECT_EQ(form_of("_record(int4,_enum)").parts.front().parts[1].kind, Kind::kArray);
    EXPECT_EQ(form_of("_ltree").parts.front().kind, Kind::kUser);
    EXPECT_THROW(form_of("record(int4"), lakemover::codec::ValueError);
    EXPECT_THROW(form_of("record(int4))"), lakemover::codec::ValueError);
    EXPECT_EQ(lakemover::codec::kind_of("odd,(name"), Kind::kOpaque) << "a user's type may be called anything";
}

}  // namespace
