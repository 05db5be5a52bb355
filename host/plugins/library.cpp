// SPDX-License-Identifier: Apache-2.0
#include "plugins/library.hpp"

#include <dunlin/error.hpp>

#include <sodium.h>
#include <sys/utsname.h>
#include <boost/dll/shared_library.hpp>

#include <array>
#include <fstream>
#include <mutex>
#include <system_error>
#include <vector>

namespace dunlin::host {

namespace {

/// Never destroyed: code of a plugin may run until the last instruction of the process.
void keep_forever(boost::dll::shared_library library) {
    static std::mutex mutex;
    static auto* const libraries = new std::vector<boost::dll::shared_library>();
    const std::scoped_lock lock(mutex);
    libraries->push_back(std::move(library));
}

}  // namespace

const dunlin_plugin_desc* load_descriptor(const std::filesystem::path& file) {
    try {
        namespace dll = boost::dll;
        dll::shared_library library(std::filesystem::absolute(file),
                                    dll::load_mode::rtld_now | dll::load_mode::rtld_local);
        if (!library.has(DUNLIN_QUERY_SYMBOL)) {
            throw Error(DUNLIN_E_DATA,
                        file.string() + " is no plugin: it does not export " + DUNLIN_QUERY_SYMBOL);
        }
        auto* query = &library.get<const dunlin_plugin_desc*()>(DUNLIN_QUERY_SYMBOL);
        keep_forever(std::move(library));
        return query();
    } catch (const std::system_error& e) {
        throw Error(DUNLIN_E_DATA, file.string() + " cannot be loaded: " + e.what());
    }
}

std::string sha256_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw Error(DUNLIN_E_NOT_FOUND, file.string() + " cannot be read");
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    std::vector<unsigned char> block(1 << 16);
    while (in) {
        in.read(reinterpret_cast<char*>(block.data()), static_cast<std::streamsize>(block.size()));
        crypto_hash_sha256_update(&state, block.data(), static_cast<std::size_t>(in.gcount()));
    }
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256_final(&state, hash.data());
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
    return hex.data();
}

std::string platform_name() {
    utsname name{};
    uname(&name);
    return std::string("linux-") + name.machine;
}

}  // namespace dunlin::host
