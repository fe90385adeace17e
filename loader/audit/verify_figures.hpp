// The figures of a reconciliation report against the ledger, batch and validation files beside it. Pure; throws nothing
// of its own.
#pragma once
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loader/audit/verify.hpp"

namespace lakemover::loader {

// Nothing for a file that is not there.
using FileContent = std::function<std::optional<std::string_view>(const std::string& name)>;

// Adds what does not agree to alterations; returns how many tables were compared.
std::size_t verify_figures(const nlohmann::json& manifest, const FileContent& content,
                           std::vector<Alteration>& alterations);

}  // namespace lakemover::loader
