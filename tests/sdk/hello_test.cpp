// The plugins in C, Rust and C++ do the same, through nothing but the contract.

#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <dunlin/plugin.hpp>
#include <fstream>

#include "fake_host.hpp"

using dunlin::Json;
using dunlin::test::FakeHost;
using dunlin::test::Instance;

namespace {

class HelloCpp : public dunlin::Plugin<HelloCpp> {
public:
    using Plugin::Plugin;

    void init() {
        if (!services().tx_services().db) {
            throw dunlin::Error(DUNLIN_E_DENIED, "dunlin.db/1 is not granted");
        }
    }
    Json on_command(dunlin::Call& call) {
        auto& tx = call.tx();
        if (call.command() == "hello_cpp.recall") return recall(tx);
        if (call.command() != "hello_cpp.remember") {
            throw dunlin::Error(DUNLIN_E_NOT_FOUND, "hello_cpp has no such command");
        }
        const auto id = services().next_id();
        const auto text = std::to_string(id);
        const auto body = call.value<std::string>("text", "");
        tx.exec("INSERT INTO hello_cpp_note(id, noted_on, body) VALUES(?, ?, ?)", id, call.today(),
                body);
        tx.emit("hello_cpp.remembered", text, {{"id", text}, {"text", body}});
        if (call.value("fail", false)) {
            throw dunlin::Error(DUNLIN_E_CONFLICT, "failed after the insert, as was asked for");
        }
        return {{"id", text}};
    }
    void on_event(dunlin::Transaction& tx, const dunlin::Event& event) {
        tx.exec("INSERT INTO hello_cpp_delivery(event_id, body) VALUES(?, ?)", event.id,
                event.payload.at("text").get<std::string>());
    }

private:
    static Json recall(dunlin::Transaction& tx) {
        Json notes = Json::array();
        for (const auto& row : tx.query("SELECT id, body FROM hello_cpp_note ORDER BY id")) {
            notes.push_back({{"id", std::to_string(row.i64(0))}, {"text", row.string(1)}});
        }
        auto count = tx.query("SELECT count(*) FROM hello_cpp_delivery");
        count.step();
        return {{"notes", notes}, {"deliveries", count.i64(0)}};
    }
};

const dunlin_plugin_desc* desc_of(const std::string& id) {
    static const dunlin_plugin_desc cpp{
        DUNLIN_MAGIC,      sizeof cpp,  DUNLIN_ABI_MAJOR, DUNLIN_ABI_MINOR,   0,
        sizeof(void*) * 8, "hello_cpp", "1.0.0",          DUNLIN_SDK_VERSION, "{}",
        &HelloCpp::create};
    if (id == "hello_cpp") return &cpp;
    const auto path = std::string(DUNLIN_BINARY_DIR) + "/test_plugins/" + id + "/" + id + ".so";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    INFO(path);
    REQUIRE(library != nullptr);
    void* query = dlsym(library, DUNLIN_QUERY_SYMBOL);
    REQUIRE(query != nullptr);
    return reinterpret_cast<dunlin_plugin_query_v1_fn>(query)();
}

Json json_of(const std::string& path) {
    return Json::parse(std::ifstream(path));
}

/// A started plugin with its tables.
struct Started {
    FakeHost host;
    Instance instance;
    explicit Started(const std::string& id) : instance(host, desc_of(id)) {
        host.exec("CREATE TABLE " + id +
                  "_note(id BIGINT PRIMARY KEY, noted_on BIGINT, body TEXT)");
        host.exec("CREATE TABLE " + id + "_delivery(event_id BIGINT PRIMARY KEY, body TEXT)");
        REQUIRE(instance.start().status == DUNLIN_OK);
    }
};

std::string any_language() {
    return GENERATE(as<std::string>{}, "hello_c", "hello_cpp", DUNLIN_RUST_PLUGIN);
}

}  // namespace

TEST_CASE("a rollback undoes the row and the event") {
    const auto id = any_language();
    Started plugin(id);

    const auto answer = plugin.instance.call(id + ".remember", R"({"fail":true,"text":"gone"})");

    CHECK(answer.status == DUNLIN_E_CONFLICT);
    CHECK(answer.message == "failed after the insert, as was asked for");
    CHECK(plugin.host.number("SELECT count(*) FROM host_event") == 0);
    CHECK(Json::parse(plugin.instance.call(id + ".recall", "{}").reply) ==
          Json({{"notes", Json::array()}, {"deliveries", 0}}));
}

TEST_CASE("what is remembered is recalled, and its event is counted") {
    const auto id = any_language();
    Started plugin(id);

    const auto first = plugin.instance.call(id + ".remember", R"({"text":"one","fail":false})");
    const auto second = plugin.instance.call(id + ".remember", R"({ "text" : "" })");
    const int delivered = plugin.instance.deliver();

    CHECK(first.status == DUNLIN_OK);
    CHECK(Json::parse(first.reply) == Json({{"id", "1001"}}));
    CHECK(second.status == DUNLIN_OK);
    CHECK(delivered == 2);
    CHECK(Json::parse(plugin.instance.call(id + ".recall", "{}").reply) ==
          Json::parse(R"({"notes":[{"id":"1001","text":"one"},{"id":"1002","text":""}],
                          "deliveries":2})"));
    CHECK(plugin.host.number("SELECT max(noted_on) FROM " + id + "_note") == FakeHost::today);
}

TEST_CASE("a service that is not granted keeps the plugin from starting, and it says which") {
    const auto id = any_language();
    FakeHost host;
    host.denied.insert(DUNLIN_SVC_DB);
    Instance instance(host, desc_of(id));

    const auto answer = instance.start();

    CHECK(answer.status == DUNLIN_E_DENIED);
    CHECK(answer.message == "dunlin.db/1 is not granted");
}

TEST_CASE("a store that refuses is passed on with its words") {
    const auto id = any_language();
    Started plugin(id);
    plugin.host.exec("DROP TABLE " + id + "_note");

    const auto answer = plugin.instance.call(id + ".remember", R"({"text":"x"})");

    CHECK(answer.status == DUNLIN_E_INVALID);
    CHECK(answer.message == "no such table: " + id + "_note");
}

TEST_CASE("an unknown command is not found, with and without a sink") {
    const auto id = any_language();
    Started plugin(id);
    auto* instance = plugin.instance.plugin();
    const auto* table = static_cast<const dunlin_command_handler_v1*>(
        instance->get_extension(instance, DUNLIN_EXT_COMMAND_HANDLER));
    dunlin_call call{};
    call.struct_size = sizeof call;
    call.tx = plugin.host.tx();
    call.command = dunlin::to_abi("x.y");
    call.request_json = dunlin::to_abi("{}");
    std::string reply;
    dunlin::StringWriter writer(reply);

    CHECK(plugin.instance.call("x.y", "{}").message == id + " has no such command");
    CHECK(table->handle(instance, &call, writer.abi(), nullptr) == DUNLIN_E_NOT_FOUND);
}

TEST_CASE("only the extension points asked for by their exact id exist") {
    const auto id = any_language();
    Started plugin(id);
    auto* instance = plugin.instance.plugin();

    CHECK(instance->get_extension(instance, DUNLIN_EXT_EVENT_HANDLER) != nullptr);
    CHECK(instance->get_extension(instance, DUNLIN_EXT_CONNECTOR) == nullptr);
    CHECK(instance->get_extension(instance, "dunlin.command_handler/12") == nullptr);
    CHECK(instance->get_extension(instance, "") == nullptr);
}

TEST_CASE("descriptor, embedded manifest and sidecar agree") {
    const auto id = GENERATE(as<std::string>{}, "hello_c", DUNLIN_RUST_PLUGIN);
    const auto* desc = desc_of(id);
    auto sidecar = json_of(std::string(DUNLIN_BINARY_DIR) + "/test_plugins/" + id + "/plugin.json");

    CHECK(desc->magic == DUNLIN_MAGIC);
    CHECK(desc->struct_size == sizeof(dunlin_plugin_desc));
    CHECK(desc->abi_major == DUNLIN_ABI_MAJOR);
    CHECK(desc->pointer_bits == 64);
    CHECK(desc->id == id);
    CHECK(desc->sdk_version == std::string(DUNLIN_SDK_VERSION));
    CHECK(desc_of(id) == desc);
    sidecar.erase("artifact");
    CHECK(Json::parse(desc->manifest_json) == sidecar);
}
