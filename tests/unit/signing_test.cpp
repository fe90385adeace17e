// Keys, signatures, sealed directories, and that every alteration of one is found and named.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "loader/audit/audit_dir.hpp"
#include "loader/audit/chained_log.hpp"
#include "loader/audit/manifest.hpp"
#include "loader/audit/signing.hpp"
#include "loader/audit/verify.hpp"
#include "loader/util/error.hpp"

namespace fs = std::filesystem;
using namespace lakemover::loader;
using nlohmann::json;

namespace {

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}
void put(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }
unsigned mode(const fs::path& file) {
    struct stat info {};
    EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
    return info.st_mode & 07777U;
}

class SigningTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "lakemover-signing-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        base_ = name;
    }
    void TearDown() override { fs::remove_all(base_); }

    std::string home(const std::string& name = "home") const { return (base_ / name).string(); }

    static void expect_refused(const std::string& file, const std::string& why) {
        try {
            SigningKey::open("/nonexistent", file);
            FAIL() << "no error";
        } catch (const Error& e) {
            EXPECT_EQ(e.exit_code, Exit::kUsage);
            EXPECT_NE((std::string(e.what()) + e.detail).find(why), std::string::npos) << e.what();
            EXPECT_NE(std::string(e.what()).find(file), std::string::npos);
            EXPECT_FALSE(e.hint.empty());
        }
    }

    fs::path base_;
};

TEST_F(SigningTest, KeyIsMadeOncePrivateAndKept) {
    ::umask(0);
    const SigningKey first = SigningKey::open(home(), {});
    ::umask(022);
    EXPECT_EQ(mode(base_ / "home/keys"), 0700U);
    EXPECT_EQ(mode(base_ / "home/keys/signing.key"), 0600U);
    EXPECT_EQ(std::distance(fs::directory_iterator(base_ / "home/keys"), fs::directory_iterator()), 2);
    const SigningKey again = SigningKey::open(home(), {});
    EXPECT_EQ(first.fingerprint(), again.fingerprint());
    EXPECT_EQ(first.fingerprint().size(), 64U);
    const PublicKey shared = PublicKey::from_pem(read(base_ / "home/keys/signing.pub"), "it");
    EXPECT_EQ(shared.fingerprint(), first.fingerprint());
    EXPECT_NE(SigningKey::open(home("other"), {}).fingerprint(), first.fingerprint());
    // The public part is made again when it is lost.
    fs::remove(base_ / "home/keys/signing.pub");
    SigningKey::open(home(), {});
    EXPECT_EQ(read(base_ / "home/keys/signing.pub"), first.public_key().pem());
}

TEST_F(SigningTest, SeveralThatStartAtOnceUseOneKey) {
    std::vector<pid_t> children;
    for (int i = 0; i < 8; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                put(base_ / ("found." + std::to_string(i)), SigningKey::open(home(), {}).fingerprint());
                ::_exit(0);
            } catch (const Error&) {
                ::_exit(1);
            }
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    const std::string kept = SigningKey::open(home(), {}).fingerprint();
    for (int i = 0; i < 8; ++i) EXPECT_EQ(read(base_ / ("found." + std::to_string(i))), kept);
}

TEST_F(SigningTest, SignatureFitsMessageAndKeyOnly) {
    const SigningKey key = SigningKey::open(home(), {});
    const SigningKey other = SigningKey::open(home("other"), {});
    const std::string message = std::string("exact\0bytes\n", 12);
    const std::string signature = key.sign(message);
    EXPECT_EQ(signature.size(), 64U);
    EXPECT_TRUE(key.public_key().verifies(message, signature));
    EXPECT_FALSE(other.public_key().verifies(message, signature));
    EXPECT_FALSE(key.public_key().verifies(message + " ", signature));
    for (std::size_t i = 0; i < signature.size(); ++i) {
        std::string bad = signature;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_FALSE(key.public_key().verifies(message, bad)) << i;
    }
    EXPECT_FALSE(key.public_key().verifies(message, signature.substr(1)));
    EXPECT_FALSE(key.public_key().verifies(message, ""));
}

// RFC 8032, 7.1, TEST 2: the algorithm is Ed25519 itself, not something of ours.
TEST_F(SigningTest, KnownAnswer) {
    const std::string seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const auto bytes = [](const std::string& hex) {
        std::string out;
        for (std::size_t i = 0; i < hex.size(); i += 2)
            out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
        return out;
    };
    const std::string pkcs8 = bytes("302e020100300506032b657004220420" + seed);
    put(base_ / "key", "-----BEGIN PRIVATE KEY-----\n" + base64_encode(pkcs8) + "\n-----END PRIVATE KEY-----\n");
    fs::permissions(base_ / "key", fs::perms::owner_read | fs::perms::owner_write);
    const SigningKey key = SigningKey::open("/nonexistent", (base_ / "key").string());
    EXPECT_EQ(key.sign("\x72"), bytes("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
    EXPECT_EQ(key.fingerprint(), sha256_hex(bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")));
}

TEST_F(SigningTest, KeyFilesThatAreRefused) {
    const std::string good = (base_ / "home/keys/signing.key").string();
    SigningKey::open(home(), {});
    EXPECT_NO_THROW(SigningKey::open("/nonexistent", good));
    for (const auto extra : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
        fs::permissions(good, extra, fs::perm_options::add);
        expect_refused(good, "others than its owner");
        fs::permissions(good, extra, fs::perm_options::remove);
    }
    expect_refused((base_ / "nothing").string(), "cannot read");
    expect_refused(base_.string(), "regular file");
    const std::string file = (base_ / "bad").string();
    const auto refuse = [&](const std::string& command, const std::string& why) {
        fs::remove(file);
        ASSERT_EQ(std::system((command + " > /dev/null 2>&1").c_str()), 0) << command;  // NOLINT(concurrency-mt-unsafe)
        fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
        expect_refused(file, why);
    };
    refuse("echo nonsense > " + file, "no private key");
    refuse("openssl genpkey -algorithm X25519 -out " + file, "no Ed25519 key");
    refuse("openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out " + file, "passphrase");
    refuse("openssl pkey -in " + good + " -pubout -out " + file, "no private key");
}

TEST(Base64, RoundTripAndStrictness) {
    for (const std::string text : {"", "a", "ab", "abc", "abcd"}) EXPECT_EQ(base64_decode(base64_encode(text)), text);
    EXPECT_EQ(base64_encode("Man"), "TWFu");
    EXPECT_EQ(base64_decode("TWE=\n"), "Ma");
    for (const std::string bad : {"TWF", "TW=u", "T Fu", "TWF=", "====", "TWF\xff"})
        EXPECT_THROW(base64_decode(bad), Error);
}

// A directory as a small run leaves it.
class SealTest : public SigningTest {
protected:
    void SetUp() override {
        SigningTest::SetUp();
        key_.emplace(SigningKey::open(home(), {}));
        dir_ = make("11111111-2222-3333-4444-555555555555", 100);
        ASSERT_TRUE(check().alterations.empty()) << first();
    }

    static json validation(int level, const std::string& value) {
        return {{"table_id", 7},       {"table", "app.t"},      {"level", level},       {"verdict", "equal"},
                {"rows_covered", 300}, {"source_value", value}, {"target_value", value}};
    }

    fs::path make(const std::string& uuid, int first_rows, const std::string& label = "run-1") {
        auto audit = AuditDir::create(base_ / "audit", label);
        audit.set_run("1");
        audit.event({{"kind", "run_started"}, {"message", uuid}});
        json tables = json::array();
        const int rows = first_rows + 200;
        for (int chunk = 0; chunk < 2; ++chunk)
            audit.batch({{"table", "app.t"},
                         {"chunk", chunk},
                         {"rows", chunk == 0 ? first_rows : 200},
                         {"bytes", 10},
                         {"lane1", "5"},
                         {"lane2", "18446744073709551616"}});
        const std::string digest = std::to_string(rows) + ":10:36893488147419103232";
        // What a first pass loaded is counted once, by the second, which reads whole rows.
        std::string ledger = json{{"table_id", 7}, {"table", "app.t"}, {"chunk", 2},   {"pass", 1},
                                  {"rows", rows},  {"bytes", 7},       {"lane1", "3"}, {"lane2", "4"}}
                                 .dump() +
                             "\n";
        for (int chunk = 0; chunk < 2; ++chunk)
            ledger += json{{"table_id", 7},
                           {"table", "app.t"},
                           {"chunk", chunk},
                           {"pass", 2},
                           {"rows", chunk == 0 ? first_rows : 200},
                           {"bytes", 10},
                           {"lane1", "5"},
                           {"lane2", "18446744073709551616"}}
                          .dump() +
                      "\n";
        audit.write("ledger.jsonl", ledger);
        audit.validation(
            {{"table", "app.t"}, {"level", 2}, {"verdict", "equal"}, {"source", digest}, {"target", digest}});
        audit.write("validation.json", json::array({validation(2, digest)}).dump());
        audit.event({{"kind", "run_ended"}, {"data", {{"exit_code", 0}}}});
        json level = validation(2, digest);
        level.erase("table");
        level.erase("table_id");
        document_ = {{"run", {{"run_id", 1}, {"run_uuid", uuid}, {"verdict", "SUCCESS"}, {"exit_code", 0}}},
                     {"tables", json::array({{{"table_id", 7},
                                              {"target_name", "app.t"},
                                              {"state", "done"},
                                              {"copies_rows", true},
                                              {"rows_copied", rows},
                                              {"bytes_copied", 20},
                                              {"digest", {"10", "36893488147419103232"}},
                                              {"validation", json::array({level})}}})}};
        write_report(audit);
        seal(audit);
        return audit.path();
    }

    void write_report(AuditDir& audit) const {
        audit.write("reconciliation.json", document_.dump());
        audit.write("reconciliation.html", "<html>" + sha256_hex(document_.dump()) + "</html>");
    }
    std::string seal(AuditDir& audit) const {
        return audit.seal(*key_, {{"kind", "run"},
                                  {"run", {{"id", 1}, {"uuid", document_["run"]["run_uuid"]}}},
                                  {"verdict", document_["run"]["verdict"]},
                                  {"exit_code", document_["run"]["exit_code"]}});
    }

    Verification check() { return check(dir_); }
    Verification check(const fs::path& dir) {
        TrustedSigner signer;
        signer.fingerprint = key_->fingerprint();
        last_ = verify_directory(dir, signer);
        return last_;
    }
    std::string first() const {
        if (last_.alterations.empty()) return "intact";
        const Alteration& a = last_.alterations.front();
        return a.file + (a.line > 0 ? ":" + std::to_string(a.line) : "") + ": " + a.what;
    }
    void expect_found(const std::string& file, long long line = 0) {
        check();
        ASSERT_FALSE(last_.alterations.empty()) << file << " was altered and nothing is said";
        EXPECT_EQ(last_.alterations.front().file, file) << first();
        if (line > 0) EXPECT_EQ(last_.alterations.front().line, line) << first();
    }
    std::vector<std::string> lines(const std::string& file) const {
        std::vector<std::string> all;
        std::istringstream in(read(dir_ / file));
        for (std::string line; std::getline(in, line);) all.push_back(line);
        return all;
    }
    void put_lines(const std::string& file, const std::vector<std::string>& all) const {
        std::string text;
        for (const std::string& line : all) text += line + "\n";
        put(dir_ / file, text);
    }

    std::optional<SigningKey> key_;
    fs::path dir_;
    json document_;
    Verification last_;
};

TEST_F(SealTest, IntactDirectorySaysWhatWasChecked) {
    const Verification v = check();
    EXPECT_TRUE(v.signer_known);
    EXPECT_EQ(v.fingerprint, key_->fingerprint());
    EXPECT_EQ(v.events, 3);
    EXPECT_EQ(v.tables, 1U);
    EXPECT_EQ(v.files, 9U);
    EXPECT_EQ(lines("events.jsonl").back().find("\"kind\":\"sealed\"") == std::string::npos, false);
    for (const auto& entry : fs::directory_iterator(dir_)) EXPECT_EQ(mode(entry.path()), 0600U) << entry.path();
    const Verification unknown = verify_directory(dir_, {});
    EXPECT_TRUE(unknown.alterations.empty());
    EXPECT_FALSE(unknown.signer_known);
}

TEST_F(SealTest, NothingIsWrittenAfterTheSeal) {
    auto audit = AuditDir::create(base_ / "audit", "late");
    seal(audit);
    EXPECT_TRUE(audit.sealed());
    EXPECT_THROW(audit.event({{"kind", "late"}}), Error);
    EXPECT_THROW(audit.write("late.json", "{}"), Error);
    EXPECT_THROW(audit.ddl("SELECT 1", {}), Error);
    EXPECT_THROW(seal(audit), Error);
}

// Every 13th byte, to be done in a second; the last among them.
TEST_F(SealTest, ByteAfterByteOfEveryFile) {
    for (const auto& entry : fs::directory_iterator(dir_)) {
        const std::string name = entry.path().filename().string();
        const std::string good = read(entry.path());
        for (std::size_t i = (good.size() - 1) % 13; i < good.size(); i += 13) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ 0x01);
            put(entry.path(), bad);
            check();
            ASSERT_FALSE(last_.alterations.empty()) << name << " byte " << i;
            const std::string& found = last_.alterations.front().file;
            // Of manifest and signature neither can be told from the other.
            const bool pair = name == "manifest.json" || name == "manifest.sig";
            // A signature's base64 may end in other bits that decode alike: those are refused as no signature.
            ASSERT_TRUE(pair ? found == "manifest.json" || found == "manifest.sig" : found == name)
                << name << " " << first();
        }
        put(entry.path(), good);
    }
    EXPECT_TRUE(check().alterations.empty());
}

TEST_F(SealTest, EventsChangedDroppedReorderedTruncatedAdded) {
    const auto good = lines("events.jsonl");
    ASSERT_EQ(good.size(), 3U);
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        const std::size_t at = bad[i].find("\"kind\":\"") + 8;
        bad[i][at] = static_cast<char>(bad[i][at] ^ 1);
        put_lines("events.jsonl", bad);
        expect_found("events.jsonl", static_cast<long long>(i) + 1);
        bad = good;
        bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(i));
        put_lines("events.jsonl", bad);
        expect_found("events.jsonl", static_cast<long long>(i) + 1);
    }
    auto bad = good;
    std::swap(bad[0], bad[1]);
    put_lines("events.jsonl", bad);
    expect_found("events.jsonl", 1);
    // One that is chained correctly, as somebody with the file alone can make it.
    bad = good;
    json added = json::parse(good[2]);
    added["seq"] = 4;
    added["prev"] = sha256_hex(good[2]);
    bad.push_back(added.dump());
    put_lines("events.jsonl", bad);
    expect_found("events.jsonl", 4);
    put(dir_ / "events.jsonl", "");
    expect_found("events.jsonl", 1);
    put_lines("events.jsonl", good);
    EXPECT_TRUE(check().alterations.empty());
}

TEST_F(SealTest, FilesRemovedAddedExchanged) {
    const fs::path other = make("99999999-2222-3333-4444-555555555555", 150, "run-2");
    EXPECT_TRUE(check(other).alterations.empty()) << first();
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_)) names.push_back(entry.path().filename().string());
    for (const std::string& name : names) {
        const std::string good = read(dir_ / name);
        fs::remove(dir_ / name);
        expect_found(name);
        EXPECT_NE(last_.alterations.front().what.find("is missing"), std::string::npos) << first();
        if (read(other / name) != good) {
            put(dir_ / name, read(other / name));
            check();
            EXPECT_FALSE(last_.alterations.empty()) << name;
        }
        // A link to the same content is no file of the directory.
        fs::remove(dir_ / name);
        put(base_ / "elsewhere", good);
        fs::create_symlink(base_ / "elsewhere", dir_ / name);
        expect_found(name);
        fs::remove(dir_ / name);
        put(dir_ / name, good);
    }
    put(dir_ / "note.txt", "x");
    expect_found("note.txt");
    fs::remove(dir_ / "note.txt");
    fs::create_directory(dir_ / "sub");
    expect_found("sub");
}

TEST_F(SealTest, AnotherKey) {
    const SigningKey other = SigningKey::open(home("other"), {});
    const std::string manifest = read(dir_ / "manifest.json");
    // The forger has no key but his own: he signs the manifest, and replaces the public key.
    put(dir_ / "manifest.sig", base64_encode(other.sign(manifest)) + "\n");
    expect_found("manifest.json");
    put(dir_ / "signing.pub", other.public_key().pem());
    expect_found("signing.pub");
    // Consistent in itself: only who knows the signer's key sees it.
    std::string forged = manifest;
    const auto replace = [&](const std::string& from, const std::string& to) {
        const std::size_t at = forged.find(from);
        ASSERT_NE(at, std::string::npos);
        forged.replace(at, from.size(), to);
    };
    replace(key_->fingerprint(), other.fingerprint());
    replace(sha256_hex(key_->public_key().pem()), sha256_hex(other.public_key().pem()));
    put(dir_ / "manifest.json", forged);
    put(dir_ / "manifest.sig", base64_encode(other.sign(forged)) + "\n");
    EXPECT_FALSE(verify_directory(dir_, {}).signer_known);
    expect_found("signing.pub");
    TrustedSigner by_key;
    by_key.key = PublicKey::from_pem(key_->public_key().pem(), "it");
    EXPECT_FALSE(verify_directory(dir_, by_key).alterations.empty());
}

// Somebody who holds the key, or a fault of ours: everything is signed, and the figures do not agree.
TEST_F(SealTest, FiguresThatDoNotAgree) {
    const json good = document_;
    const auto found = [&](const char* label, const std::function<void(json&)>& change, const std::string& part) {
        const fs::path dir = make("11111111-2222-3333-4444-555555555555", 100, label);
        document_ = good;
        auto audit = AuditDir::reopen(dir);
        change(document_);
        write_report(audit);
        seal(audit);
        check(dir);
        ASSERT_FALSE(last_.alterations.empty()) << label;
        EXPECT_EQ(last_.alterations.front().file, "reconciliation.json") << first();
        EXPECT_NE(last_.alterations.front().what.find(part), std::string::npos) << first();
    };
    found(
        "rows", [](json& d) { d["tables"][0]["rows_copied"] = 301; }, "301 rows");
    found(
        "bytes", [](json& d) { d["tables"][0]["bytes_copied"] = 21; }, "21 bytes");
    found(
        "digest", [](json& d) { d["tables"][0]["digest"][1] = "1"; }, "as digest");
    found(
        "level", [](json& d) { d["tables"][0]["validation"][0]["verdict"] = "different"; }, "level 2");
    found(
        "levels", [](json& d) { d["tables"][0]["validation"] = json::array(); }, "0 validation levels");
}

TEST_F(SealTest, SealedAgainKeepsTheEarlierManifest) {
    const std::string before = read(dir_ / "manifest.json");
    {
        auto audit = AuditDir::reopen(dir_);
        audit.set_run("1");
        audit.event({{"kind", "accepted"}, {"data", {{"exit_code", 0}}}});
        seal(audit);
    }
    EXPECT_TRUE(check().alterations.empty()) << first();
    EXPECT_EQ(read(dir_ / "manifest-1.json"), before);
    EXPECT_EQ(json::parse(read(dir_ / "manifest.json"))["seal"], 2);
    EXPECT_EQ(check().events, 5);
    std::string text = read(dir_ / "manifest-1.json");
    text[text.find("SUCCESS")] = 'X';
    put(dir_ / "manifest-1.json", text);
    expect_found("manifest-1.json");
}

TEST_F(SealTest, BatchDetailsAreBounded) {
    auto audit = AuditDir::create(base_ / "audit", "many", {}, {2000, 2});
    audit.set_run("1");
    for (int i = 0; i < 60; ++i)
        audit.batch({{"table", "app.t"}, {"chunk", i}, {"rows", 1}, {"text", std::string(90, 'x')}});
    audit.event({{"kind", "run_ended"}, {"data", {{"exit_code", 0}}}});
    write_report(audit);
    seal(audit);
    const fs::path dir = audit.path();
    std::vector<std::string> files;
    std::size_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(dir))
        if (const std::string name = entry.path().filename().string(); name.starts_with("batches")) {
            files.push_back(name);
            bytes += fs::file_size(entry.path());
            EXPECT_EQ(verify_chain(read(entry.path())), std::nullopt) << name;
        }
    EXPECT_EQ(files.size(), 3U);
    EXPECT_LT(bytes, 3 * 2500U);
    EXPECT_NE(read(dir / "events.jsonl").find("batches-1.jsonl was removed"), std::string::npos);
    EXPECT_TRUE(check(dir).alterations.empty()) << first();
    std::sort(files.begin(), files.end());
    const std::string closed = files.front();
    std::string text = read(dir / closed);
    text[text.find("xxx")] = 'y';
    put(dir / closed, text);
    check(dir);
    EXPECT_EQ(last_.alterations.front().file, closed);
    EXPECT_GT(last_.alterations.front().line, 0);
}

TEST_F(SealTest, NotSealedAndNotThere) {
    fs::path dir;
    {
        auto audit = AuditDir::create(base_ / "audit", "killed");
        audit.event({{"kind", "run_started"}});
        dir = audit.path();
    }
    check(dir);
    EXPECT_EQ(last_.alterations.front().file, "manifest.json");
    EXPECT_THROW(verify_directory(base_ / "nowhere", {}), Error);
}

TEST_F(SealTest, ManifestCannotNameOtherPlaces) {
    for (const char* name : {"../home/keys/signing.key", "/etc/passwd", "", ".hidden"}) {
        json manifest = json::parse(read(dir_ / "manifest.json"));
        manifest["files"].push_back({{"name", name}, {"size", 1}, {"sha256", ""}});
        EXPECT_THROW(manifest_entries(manifest.dump()), Error) << name;
    }
    for (const char* text : {"", "[]", "{}", "{\"format\":\"other\"}", "{\"format\":\"lakemover audit manifest 1\"}"})
        EXPECT_THROW(manifest_entries(text), Error) << text;
}

}  // namespace
