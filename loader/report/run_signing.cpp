// The run page's part on who accepted what, and who signed.
#include "loader/report/run_signing.hpp"

namespace lakemover::loader::report {

void add_accepted(Node& data, const json& document) {
    Node list = new_list();
    for (const json& acceptance : field(document, "accepted")) {
        Node node;
        const bool table = !field(acceptance, "table_id").is_null();
        node["what"] = table ? "Table" : "Assessment of source";
        node["object"] = one_line(text_field(acceptance, "object"));
        node["reason"] = shorten(text_field(acceptance, "reason"), 1000);
        node["by"] = one_line(text_field(acceptance, "accepted_by"));
        node["at"] = format_time(text_field(acceptance, "accepted_at"));
        list.push_back(node);
    }
    set_list(data, "accepted", std::move(list));
}

void add_signing(Node& data, const json& document) {
    const json& key = field(document, "signed_with");
    data["has_signing"] = key.is_object();
    data["fingerprint"] = text_field(key, "fingerprint");
    data["public_key"] = text_field(key, "public_key");
    data["document_sha256"] = optional_text(text_field(document, "document_sha256"));
    data["pdf_problem"] = optional_text(shorten(text_field(document, "pdf_problem"), 1000));
}

}  // namespace lakemover::loader::report
