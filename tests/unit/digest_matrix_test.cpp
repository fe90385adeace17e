// Real COPY output of two servers through both decoders: the streaming digest of what the source sends must be the
// re-read's digest of what the target stored, for every type of the matrix. tests/e2e/digest_matrix.sh makes the
// databases and sets LAKEMOVER_TEST_SOURCE and LAKEMOVER_TEST_TARGET; without them there is nothing to read.
#include <gtest/gtest.h>

#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "loader/util/pq.hpp"
#include "loader/validate/copy_decoder.hpp"
#include "loader/validate/target_reader.hpp"

namespace {

using lakemover::codec::Digest;
using lakemover::codec::Format;
using lakemover::codec::HashKey;
using lakemover::codec::StreamDigester;
using lakemover::loader::ConnInfo;
using lakemover::loader::CopyDecoder;
using lakemover::loader::Pg;
using lakemover::loader::Result;
using lakemover::loader::RowReader;
using lakemover::loader::TableSpec;

constexpr std::size_t kHeader = 19;

// host=... dbname=...
Pg connect(const char* variable) {
    ConnInfo info{{"user", "postgres"}};
    std::string text = std::getenv(variable);
    while (!text.empty()) {
        const std::string word = text.substr(0, text.find(' '));
        text.erase(0, std::min(word.size() + 1, text.size()));
        info[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
    }
    Pg pg = Pg::connect(info, variable);
    pg.exec("SET extra_float_digits = 3; SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'");
    return pg;
}

std::string copy_out(Pg& pg, const std::string& table, const std::string& format) {
    pg.copy_out_start("COPY m." + table + " TO STDOUT (FORMAT " + format + ")");
    std::string all;
    std::string_view piece;
    while (pg.copy_out_next(piece)) all.append(piece);
    return all;
}

TableSpec spec_of(Pg& pg, const std::string& table, Format format) {
    TableSpec spec;
    spec.format = format;
    const Result r = pg.query(
        "SELECT a.attname, m.codec(a.atttypid) FROM pg_attribute a WHERE a.attrelid = ('m.' || $1)::regclass AND "
        "a.attnum > 0 "
        "AND NOT a.attisdropped ORDER BY a.attnum",
        {table});
    for (int i = 0; i < r.rows(); ++i) {
        lakemover::loader::ColumnSpec column;
        column.name = column.target_name = r.text(i, 0);
        column.codec = r.text(i, 1);
        column.form = lakemover::codec::form_of(column.codec);
        spec.columns.push_back(column);
    }
    return spec;
}

Digest streamed(const TableSpec& spec, const std::string& data, std::mt19937& random) {
    StreamDigester digester(lakemover::loader::row_hasher_config(spec, HashKey{}), spec.format);
    const bool binary = spec.format == Format::kBinary;
    std::string_view rest = binary ? std::string_view(data).substr(kHeader, data.size() - kHeader - 2) : data;
    while (!rest.empty()) {
        const std::size_t size = std::min<std::size_t>(rest.size(), 1 + random() % 5000);
        digester.feed(rest.substr(0, size));
        rest.remove_prefix(size);
    }
    digester.finish();
    return digester.digest();
}

Digest reread(const TableSpec& spec, const std::string& data, std::mt19937& random) {
    std::string_view rest = data;
    std::string piece;
    std::vector<std::string> names(spec.columns.size(), "?");
    CopyDecoder decoder(
        [&](std::string_view& out) {
            if (rest.empty()) return false;
            piece = rest.substr(0, 1 + random() % 5000);
            rest.remove_prefix(piece.size());
            out = piece;
            return true;
        },
        spec.format, names, CopyDecoder::Framing::kFile);
    RowReader reader(spec, HashKey{});
    while (decoder.next()) reader.add(decoder.cells());
    return reader.result().digest;
}

TEST(DigestMatrix, StoredIsWhatWasRead) {
    if (std::getenv("LAKEMOVER_TEST_SOURCE") == nullptr) GTEST_SKIP() << "LAKEMOVER_TEST_SOURCE is not set";
    Pg source = connect("LAKEMOVER_TEST_SOURCE");
    Pg target = connect("LAKEMOVER_TEST_TARGET");
    std::mt19937 random(1);
    const Result tables =
        source.exec("SELECT relname FROM pg_class WHERE relnamespace = 'm'::regnamespace AND relkind = 'r' ORDER BY 1");
    ASSERT_GT(tables.rows(), 20);
    for (int i = 0; i < tables.rows(); ++i) {
        const std::string table = tables.text(i, 0);
        for (const char* format : {"binary", "text"}) {
            SCOPED_TRACE(table + " in " + format);
            const TableSpec spec = spec_of(source, table, *format == 'b' ? Format::kBinary : Format::kText);
            const std::string sent = copy_out(source, table, format);
            const Digest read = streamed(spec, sent, random);
            EXPECT_EQ(read.rows,
                      static_cast<std::uint64_t>(std::stoll(*source.scalar("SELECT count(*)::text FROM m." + table))));
            EXPECT_GT(read.rows, 0U);
            EXPECT_EQ(reread(spec, sent, random), read) << "the two decoders disagree";
            target.exec("TRUNCATE m." + table);
            target.copy_in_start("COPY m." + table + " FROM STDIN (FORMAT " + format + ")");
            target.copy_in_data(sent);
            target.copy_in_end();
            EXPECT_EQ(reread(spec, copy_out(target, table, format), random), read) << "stored is not what was read";
            // The digest sees a row less.
            target.exec("DELETE FROM m." + table + " WHERE ctid = (SELECT min(ctid) FROM m." + table + ")");
            EXPECT_NE(reread(spec, copy_out(target, table, format), random), read);
        }
    }
}

// Ranges of ctid on several connections give the digest that one connection gives, also where pages are half empty.
TEST(DigestMatrix, ParallelRereadIsTheSame) {
    if (std::getenv("LAKEMOVER_TEST_TARGET") == nullptr) GTEST_SKIP() << "LAKEMOVER_TEST_TARGET is not set";
    Pg target = connect("LAKEMOVER_TEST_TARGET");
    target.exec(
        "CREATE SCHEMA large; CREATE TABLE large.t AS SELECT g AS id, repeat(md5(g::text), 10) AS v FROM "
        "generate_series(1, 150000) g; "
        "DELETE FROM large.t WHERE id % 7 = 0 OR id > 140000; UPDATE large.t SET v = 'moved' WHERE id % 11 = 0");
    TableSpec spec;
    spec.target_schema = "large";
    spec.target_table = "t";
    for (const char* const codec : {"int4", "text"}) {
        lakemover::loader::ColumnSpec column;
        column.name = column.target_name = codec;
        column.form = lakemover::codec::form_of(codec);
        spec.columns.push_back(column);
    }
    const lakemover::loader::TargetReader reader(
        spec, HashKey{}, "COPY (SELECT id, v FROM ONLY large.t AS t %RANGE%) TO STDOUT (FORMAT binary)", {});
    int connections = 0;
    std::mutex mutex;
    const auto another = [&] {
        const std::lock_guard lock(mutex);
        ++connections;
        return connect("LAKEMOVER_TEST_TARGET");
    };
    const auto alone = reader.read(target, another, 1);
    EXPECT_EQ(connections, 0);
    EXPECT_EQ(alone.digest.rows,
              static_cast<std::uint64_t>(std::stoll(*target.scalar("SELECT count(*)::text FROM large.t"))));
    const auto together = reader.read(target, another, 3);
    EXPECT_EQ(connections, 2);
    EXPECT_EQ(together.digest, alone.digest);
    EXPECT_EQ(together.columns, alone.columns);
    EXPECT_FALSE(target.in_transaction());
    // A worker that cannot connect ends the reading with its error, and nothing hangs.
    const auto refused = []() -> Pg {
        throw lakemover::loader::Error(lakemover::loader::Exit::kConnect, "no more connections");
    };
    EXPECT_THROW(reader.read(target, refused, 3), lakemover::loader::Error);
    EXPECT_FALSE(target.in_transaction());
}

}  // namespace
