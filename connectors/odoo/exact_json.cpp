// SPDX-License-Identifier: Apache-2.0
#include "exact_json.hpp"

#include <vector>

namespace dunlin::odoo {
namespace {

/// Builds the values that the parser meets.
class Reader : public nlohmann::json_sax<Json> {
public:
    Json root;
    std::string error;

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override {
        return value > uint64_t{INT64_MAX} ? put(std::to_string(value)) : put(value);
    }
    bool number_float(number_float_t /*value*/, const string_t& raw) override { return put(raw); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
    bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                     const nlohmann::detail::exception& e) override {
        error = e.what();
        return false;
    }

private:
    Json* place(Json value) {
        if (open_.empty()) {
            root = std::move(value);
            return &root;
        }
        auto& in = *open_.back();
        if (in.is_array()) {
            in.push_back(std::move(value));
            return &in.back();
        }
        return &(in[key_] = std::move(value));
    }
    bool put(Json value) {
        place(std::move(value));
        return true;
    }
    bool open(Json value) {
        constexpr std::size_t depth_max = 64;
        if (open_.size() >= depth_max) {
            error = "it is nested too deeply";
            return false;
        }
        open_.push_back(place(std::move(value)));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    std::vector<Json*> open_;
    std::string key_;
};

}  // namespace

Json parse_exact(std::string_view text, const std::string& what) {
    Reader reader;
    if (!Json::sax_parse(text.begin(), text.end(), &reader)) {
        throw Error(DUNLIN_E_DATA, what + " is not JSON: " + reader.error);
    }
    return std::move(reader.root);
}

}  // namespace dunlin::odoo
