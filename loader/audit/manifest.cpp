// manifest.json of an audit directory.
#include "loader/audit/manifest.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "loader/audit/posix_file.hpp"
#include "loader/audit/utc_time.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

[[noreturn]] void not_a_manifest(const std::string& why) {
    throw Error(Exit::kValidation, std::string(kManifestFile) + " is no manifest of lakemover", why);
}

// What may be opened: a file of the directory itself.
bool plain_name(const std::string& name) {
    return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
           name.find('\0') == std::string::npos;
}

nlohmann::ordered_json parse(std::string_view text) {
    auto parsed = nlohmann::ordered_json::parse(text, nullptr, false);
    if (!parsed.is_object()) not_a_manifest("it is not a JSON object");
    const auto format = parsed.find("format");
    if (format == parsed.end() || *format != kManifestFormat) not_a_manifest("it has another format");
    return parsed;
}

}  // namespace

nlohmann::ordered_json chain_json(const ChainHead& head) {
    nlohmann::ordered_json chain;
    chain["lines"] = head.sequence;
    chain["head"] = head.digest;
    return chain;
}

std::string manifest_text(int dir_fd, const std::filesystem::path& dir, const std::set<std::string>& names,
                          const nlohmann::json& facts, const nlohmann::ordered_json& chains, long long number,
                          const std::string& fingerprint) {
    nlohmann::ordered_json manifest;
    manifest["format"] = kManifestFormat;
    manifest["tool"] = {{"name", "lakemover"}, {"version", LAKEMOVER_VERSION}};
    manifest["created_at"] = utc_timestamp();
    manifest["directory"] = dir.filename().string();
    manifest["seal"] = number;
    for (const auto& [key, value] : facts.items()) manifest[key] = value;
    manifest["signer"] = {{"algorithm", "Ed25519"}, {"fingerprint", fingerprint}, {"public_key", kPublicKeyFile}};
    manifest["chains"] = chains;
    manifest["files"] = nlohmann::ordered_json::array();
    for (const std::string& name : names) {
        const MappedFile file(dir_fd, dir, name);
        nlohmann::ordered_json entry;
        entry["name"] = name;
        entry["size"] = file.bytes().size();
        entry["sha256"] = sha256_hex(file.bytes());
        manifest["files"].push_back(std::move(entry));
    }
    return manifest.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::vector<ManifestEntry> manifest_entries(std::string_view text) {
    const auto manifest = parse(text);
    const auto files = manifest.find("files");
    if (files == manifest.end() || !files->is_array()) not_a_manifest("it lists no files");
    std::vector<ManifestEntry> entries;
    for (const auto& file : *files) {
        ManifestEntry entry;
        try {
            entry = {file.at("name").get<std::string>(), file.at("size").get<std::uint64_t>(),
                     file.at("sha256").get<std::string>()};
        } catch (const nlohmann::json::exception& e) {
            not_a_manifest(e.what());
        }
        if (!plain_name(entry.name)) not_a_manifest("\"" + entry.name + "\" is no file of this directory");
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::map<std::string, ChainHead> closed_chains(std::string_view text) {
    std::map<std::string, ChainHead> closed;
    const auto manifest = parse(text);
    const auto chains = manifest.find("chains");
    if (chains == manifest.end() || !chains->is_object()) return closed;
    for (const auto& [name, chain] : chains->items())
        if (name.starts_with("batches-")) closed[name] = {chain.value("lines", 0LL), chain.value("head", ""), {}};
    return closed;
}

long long keep_manifest(int dir_fd, const std::filesystem::path& dir, std::set<std::string>& names) {
    if (::faccessat(dir_fd, kManifestFile, F_OK, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    const MappedFile manifest(dir_fd, dir, kManifestFile);
    const MappedFile signature(dir_fd, dir, kSignatureFile);
    const auto seal = parse(manifest.bytes()).value("seal", 0LL);
    const std::string stem = "manifest-" + std::to_string(seal);
    replace_file(dir_fd, dir, stem + ".json", manifest.bytes());
    replace_file(dir_fd, dir, stem + ".sig", signature.bytes());
    names.insert({stem + ".json", stem + ".sig"});
    return seal;
}

}  // namespace lakemover::loader
