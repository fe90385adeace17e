// manifest.json of an audit directory: every file with size and SHA-256, and where the chains end. Throws loader::Error.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "loader/audit/chained_log.hpp"

namespace lakemover::loader {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kSignatureFile = "manifest.sig";
inline constexpr const char* kPublicKeyFile = "signing.pub";
inline constexpr const char* kEventsFile = "events.jsonl";
inline constexpr const char* kBatchesFile = "batches.jsonl";
inline constexpr const char* kValidationsFile = "validation.jsonl";
inline constexpr const char* kRejectsFile = "rejects.jsonl";  // only of a run with rejects
inline constexpr const char* kManifestFormat = "lakemover audit manifest 1";

struct ManifestEntry {
    std::string name;
    std::uint64_t size = 0;
    std::string sha256;
};

nlohmann::ordered_json chain_json(const ChainHead& head);

// names: the files to list. number: 1 for the first seal of a directory.
std::string manifest_text(int dir_fd, const std::filesystem::path& dir, const std::set<std::string>& names,
                          const nlohmann::json& facts, const nlohmann::ordered_json& chains, long long number,
                          const std::string& fingerprint);

// Error (kValidation) when the text is not such a manifest or names something that is no plain file name.
std::vector<ManifestEntry> manifest_entries(std::string_view text);

// The chains of closed batch files.
std::map<std::string, ChainHead> closed_chains(std::string_view text);

// Before a directory is sealed again: copies its manifest and signature to manifest-N.json and .sig, and adds these to
// names. Returns N, or 0 when there is no manifest yet.
long long keep_manifest(int dir_fd, const std::filesystem::path& dir, std::set<std::string>& names);

}  // namespace lakemover::loader
