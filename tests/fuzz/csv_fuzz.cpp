// SPDX-License-Identifier: Apache-2.0
#include "mapper.hpp"
#include "reader.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

using namespace dunlin;
using namespace dunlin::csv;

namespace {

/// The bytes as a file.
class File {
public:
    explicit File(std::string_view bytes) : fd_(memfd_create("csv", 0)) {
        if (write(fd_, bytes.data(), bytes.size()) < 0) std::abort();
    }
    ~File() { close(fd_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
    int fd_;
};

/// Every record of a canonical file becomes a row or has a reason.
void read(const Entity& entity, std::string_view bytes, const ReaderSettings& settings) {
    const File file(bytes);
    Reader reader(file.path(), settings);
    Record record;
    if (!reader.next(record) || record.code) return;
    const std::vector<std::string> header(record.fields.begin(), record.fields.end());
    const auto rule = canonical_rule(entity, header, Formats{});
    const Mapper mapper(rule, header);
    BatchBuilder rows(column_specs(entity));
    Row row;
    Fault fault;
    while (reader.next(record)) {
        if (record.code) {
            if (record.reason.empty()) std::abort();
            continue;
        }
        if (record.fields.size() != header.size()) continue;  // Refused before it is mapped.
        const auto outcome = mapper.map(record.fields, row, fault);
        if (outcome == Mapper::Outcome::bad && fault.reason.empty()) std::abort();
        if (outcome == Mapper::Outcome::row) Mapper::append(row, entity, rows);
    }
    rows.finish();
}

}  // namespace

/// The first byte chooses the entity, or that the rest is a mapping; the second the encoding.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    static const char* const encodings[] = {"UTF-8", "windows-1252", "UTF-16LE", "Shift_JIS"};
    ReaderSettings settings;
    settings.field_bytes_max = 1000;
    settings.encoding = encodings[data[1] % 4U];
    settings.delimiter = (data[1] & 4U) != 0 ? ';' : ',';
    const auto& all = entities();
    const auto choice = data[0] % (all.size() + 1);
    try {
        if (choice == all.size()) {
            parse_mapping("fuzz.json", bytes, Layout{});
        } else {
            read(all[choice], bytes, settings);
        }
    } catch (const Error& e) {
        if (*e.what() == '\0') std::abort();
    }
    return 0;
}
