// The tokens of an answer.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine.hpp"
#include "wire/types.hpp"

namespace tds {

enum DoneToken : std::uint8_t { kDone = 0xFD, kDoneProcedure = 0xFE, kDoneInProcedure = 0xFF };
enum DoneStatus : std::uint16_t { kMore = 1, kError = 2, kCount = 0x10, kAttentionDone = 0x20, kServerError = 0x100 };

struct Notice {
    int number = 0;
    int severity = 0;
    int state = 1;
    std::string text;    // UTF-8
    std::string server;  // UTF-8
};

void put_error(std::string& out, const Notice& notice);
void put_info(std::string& out, const Notice& notice);
// Severities of up to 10 are no errors.
void put_notice(std::string& out, const Notice& notice);

// With rows < 0 there is no count.
void put_done(std::string& out, DoneToken token, int status, bool of_rows, std::int64_t rows);
void put_return_status(std::string& out, std::int32_t status);
// An output parameter of type int.
void put_return_value(std::string& out, std::u16string_view name, std::int32_t value);

void put_login_ack(std::string& out, std::uint32_t version);
void put_utf8_ack(std::string& out);
enum class Environment : std::uint8_t { kDatabase = 1, kLanguage = 2, kPacketSize = 4 };
void put_environment(std::string& out, Environment what, const std::string& now, const std::string& before);
void put_collation(std::string& out, std::string_view name);

// A result's columns, made ready for rows.
class RowFormat {
public:
    RowFormat() = default;
    explicit RowFormat(const std::vector<ResultColumn>& columns);

    void put_metadata(std::string& out) const;
    // What is put is a whole row or, when it throws, nothing.
    void put_row(std::string& out, const std::vector<Value>& values);

private:
    struct Column {
        std::u16string name;
        std::uint16_t flags = 0;
        WireType wire;
    };
    void put_values(std::string& out, const std::vector<Value>& values);
    bool worth_bitmap(const std::vector<Value>& values) const;

    std::vector<Column> columns_;
    std::size_t at_ = 0;  // the column that is put, for what may go wrong with it
};

}  // namespace tds
