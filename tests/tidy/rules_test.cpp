// Each rule passes a small clean tree and fails when that tree breaks it.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "rules.hpp"
#include "source.hpp"

using namespace dunlin::tidy;
namespace fs = std::filesystem;

namespace {

/// A tree of its own that keeps every rule until a test breaks one.
class Tree {
public:
    Tree() {
        auto pattern =
            (fs::temp_directory_path() / ("dunlin-tidy-" + std::string(6, 'X'))).string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        root_ = pattern;
        for (const char* folder : {"plugins/notes", "connectors/file"}) {
            write(std::string(folder) + "/README.md", "");
            write(std::string(folder) + "/CMakeLists.txt", "");
            write(std::string(folder) + "/plugin.cpp",
                  "#include <dunlin/plugin.hpp>\n#include <string>\n#include \"store.hpp\"\n");
            write(std::string(folder) + "/store.hpp", "#include <nlohmann/json.hpp>\n");
            write(std::string(folder) + "/plugin.json", "{}");
        }
        write("plugins/notes/plugin.json",
              R"({"tables":[{"name":"notes_note","partition_key":"customer_id"},
                            {"name":"notes_binding","partition_key":"external_id"},
                            {"name":"notes_kind","reference":true}]})");
        write("plugins/notes/schema/001_note.sql", schema);
        write("host/store/store.cpp", "#include <Poco/Data/Session.h>\n");
        write("host/plugins/loader.cpp", "#include <boost/dll.hpp>\n");
        write("host/http/server.cpp", "#include <Poco/Net/HTTPServer.h>\n");
        write("host/commands/schema.cpp", "#include <valijson/schema.hpp>\n");
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree() { fs::remove_all(root_); }

    Tree& write(const std::string& file, const std::string& text) {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file, std::ios::binary) << text;
        return *this;
    }
    Tree& remove(const std::string& file) {
        fs::remove_all(root_ / file);
        return *this;
    }
    const Path& root() const { return root_; }

    static constexpr const char* schema =
        "CREATE TABLE notes_note (customer_id BIGINT NOT NULL, id BIGINT NOT NULL,\n"
        "    amount DECIMAL(10, 2), -- PRIMARY KEY (id)\n"
        "    PRIMARY KEY (customer_id, id), CONSTRAINT one UNIQUE (customer_id, amount));\n"
        "CREATE INDEX notes_by_amount ON notes_note (customer_id, amount);\n"
        "CREATE TABLE notes_binding (source TEXT, external_id TEXT, id BIGINT,\n"
        "    PRIMARY KEY (source, external_id));\n"
        "CREATE TABLE notes_kind (name TEXT PRIMARY KEY);\n";

private:
    Path root_;
};

/// One finding, and it is about this file and says this.
void check_only(const Findings& found, const std::string& place, const std::string& what) {
    REQUIRE(found.size() == 1);
    CHECK_THAT(found.front(), Catch::StartsWith(place) && Catch::Contains(what));
}

}  // namespace

TEST_CASE("a clean tree breaks no rule") {
    const Tree tree;

    for (const auto rule :
         {rooms, module_includes, host_includes, business_words, leftovers, clocks_and_threads,
          floating_amounts, machine_paths, partition_keys, file_sizes, function_sizes}) {
        CHECK(rule(tree.root()) == Findings{});
    }
}

TEST_CASE("a missing room is noticed") {
    Tree tree;

    check_only(rooms(tree.remove("plugins/notes/README.md").root()), "plugins/notes", "README.md");
    tree.write("plugins/notes/README.md", "").remove("plugins/notes/schema");
    check_only(rooms(tree.root()), "plugins/notes", "schema/");
    tree.write("plugins/notes/schema/001.sql", "").remove("connectors/file/plugin.cpp");
    check_only(rooms(tree.root()), "connectors/file", "the door");
}

TEST_CASE("a file with an empty name is noticed") {
    Tree tree;

    check_only(rooms(tree.write("host/store/utils.cpp", "").root()), "host/store/utils.cpp",
               "named");
}

TEST_CASE("a module that includes what it may not is noticed") {
    const auto name = GENERATE(as<std::string>{}, "<Poco/Net/HTTPClientSession.h>",
                               "<openssl/ssl.h>", "<boost/dll.hpp>", "\"../other/store.hpp\"",
                               "\"host/host.hpp\"", "<plugins/other/store.hpp>", "<sqlite3.h>",
                               "<pthread.h>", "<valijson/schema.hpp>", "\"store/tx.hpp\"");
    Tree tree;

    const auto found = module_includes(
        tree.write("plugins/notes/note.cpp", "\n  #  include " + name + "\n").root());

    REQUIRE_FALSE(found.empty());
    CHECK_THAT(found.front(),
               Catch::StartsWith("plugins/notes/note.cpp:2: ") && Catch::Contains(name));
}

TEST_CASE("pure libraries and own files pass") {
    Tree tree;
    tree.write(
        "connectors/file/reader.cpp",
        "#include <csv.h>\n#include <xxhash.h>\n#include <unicode/ucnv.h>\n"
        "#include <dunlin/abi/db.h>\n#include <dunlin_manifest.h>\n#include \"store.hpp\"\n");

    CHECK(module_includes(tree.root()).empty());
}

TEST_CASE("another plugin's header is not an own file") {
    Tree tree;
    tree.write("connectors/file/reader.cpp", "#include \"note.hpp\"\n")
        .write("plugins/notes/note.hpp", "");

    check_only(module_includes(tree.root()), "connectors/file/reader.cpp:1",
               "not a file of the module");
}

TEST_CASE("a library outside its room of the host is noticed") {
    const auto name =
        GENERATE(as<std::string>{}, "<boost/dll/shared_library.hpp>", "<sqlite3.h>",
                 "<Poco/Data/Session.h>", "<Poco/Net/HTTPRequest.h>", "<toml++/toml.h>");
    Tree tree;

    check_only(host_includes(tree.write("host/jobs/queue.cpp", "#include " + name + "\n").root()),
               "host/jobs/queue.cpp:1", name);
}

TEST_CASE("a second file with valijson is noticed") {
    Tree tree;
    tree.write("host/plugins/manifest.cpp", "#include <valijson/schema.hpp>\n");

    check_only(host_includes(tree.root()), "host/plugins/manifest.cpp:1", "one .cpp file");
}

TEST_CASE("a business word in the host is noticed, in any spelling and file") {
    const auto text =
        GENERATE(as<std::string>{}, "int customer;", "// All Invoices.", "struct DebtorId {};",
                 "DISPUTE_MAX", "\"dunning\"", "key = \"customer_id\"", "openDisputes()");
    Tree tree;

    check_only(business_words(tree.write("host/schema/001_host.sql", "\n" + text).root()),
               "host/schema/001_host.sql:2", "business");
}

TEST_CASE("a word that only looks like business passes") {
    Tree tree;
    tree.write("host/base/log.cpp",
               "// Dunlin's customers_ are customary; undisputed. customerish\n");

    CHECK(business_words(tree.root()).size() == 1);
}

TEST_CASE("a plugin that looks at the clock or starts a thread is noticed") {
    const auto code = GENERATE(as<std::string>{}, "std::chrono::system_clock::now()",
                               "std::thread t(run);", "std::time(nullptr)", "steady_clock::now()");
    Tree tree;

    check_only(clocks_and_threads(tree.write("plugins/notes/note.cpp", code).root()),
               "plugins/notes/note.cpp:1", "the host's");
}

TEST_CASE("an amount in a floating point number is noticed") {
    const auto code = GENERATE(as<std::string>{}, "double amount = 1;", "float total_due;",
                               "auto fee = json.get<double>();", "double openBalance();");
    Tree tree;

    check_only(floating_amounts(tree.write("connectors/file/mapper.cpp", code).root()),
               "connectors/file/mapper.cpp:1", "double");
}

TEST_CASE("a floating point number that is no amount passes") {
    Tree tree;
    tree.write("plugins/notes/note.cpp", "double latitude = 0;  // Not an amount.\n");

    CHECK(floating_amounts(tree.root()).empty());
}

TEST_CASE("a leftover is noticed") {
    const std::string word = std::string("FIX") + "ME";
    Tree tree;

    check_only(leftovers(tree.write("scripts/demo", "# " + word + " later\n").root()),
               "scripts/demo:1", word);
}

TEST_CASE("a path of a machine is noticed") {
    const std::string path = std::string("/wo") + "rk/main";
    Tree tree;

    check_only(machine_paths(tree.write("cmake/flags.cmake", "set(x " + path + ")\n").root()),
               "cmake/flags.cmake:1", "machine");
    CHECK(machine_paths(tree.write("cmake/flags.cmake", "${x}" + path).root()).empty());
}

TEST_CASE("a key that does not begin with the partition key is noticed") {
    const auto sql = GENERATE(
        as<std::string>{}, "CREATE TABLE notes_x (customer_id BIGINT, id BIGINT PRIMARY KEY);",
        "CREATE TABLE notes_x (id BIGINT, customer_id BIGINT, PRIMARY KEY (id, customer_id));",
        "CREATE TABLE notes_x (customer_id BIGINT, PRIMARY KEY (customer_id), UNIQUE (id));",
        "create table if not exists notes_x (customer_id bigint primary key, n text unique);",
        "CREATE TABLE notes_x (customer_id BIGINT PRIMARY KEY);\n"
        "CREATE INDEX notes_i ON notes_x (n, customer_id);",
        "CREATE TABLE notes_x (customer_id BIGINT);");
    Tree tree;
    tree.write("plugins/notes/plugin.json",
               R"({"tables":[{"name":"notes_x","partition_key":"customer_id"}]})");

    check_only(partition_keys(tree.write("plugins/notes/schema/001_note.sql", sql).root()),
               "plugins/notes/schema/001_note.sql", "notes_x");
}

TEST_CASE("a table partitioned by another column keeps it in every key") {
    Tree tree;
    tree.write("plugins/notes/schema/002_index.sql",
               "CREATE UNIQUE INDEX notes_late ON notes_binding (source, id);");

    check_only(partition_keys(tree.root()), "plugins/notes/schema", "external_id");
}

TEST_CASE("a table in only one of manifest and schema is noticed") {
    Tree tree;
    tree.write("plugins/notes/schema/002_more.sql", "CREATE TABLE notes_more (id BIGINT);");

    check_only(partition_keys(tree.root()), "plugins/notes/schema/002_more.sql", "not declared");
    tree.write("plugins/notes/schema/002_more.sql", "");
    tree.write("plugins/notes/plugin.json",
               R"({"tables":[{"name":"notes_lost","reference":true}]})");
    CHECK_THAT(partition_keys(tree.root()).front(),
               Catch::Contains("notes_lost is in no migration"));
}

TEST_CASE("a file of 401 lines is noticed, one of 400 is not") {
    Tree tree;

    CHECK(file_sizes(tree.write("host/host.cpp", std::string(400, '\n')).root()).empty());
    check_only(file_sizes(tree.write("host/host.cpp", std::string(401, '\n')).root()),
               "host/host.cpp", "401 lines");
}

TEST_CASE("a function of 71 lines is noticed wherever it stands, one of 70 is not") {
    const auto body = [](int lines) {
        return "{" + std::string(std::size_t(lines - 1), '\n') + "}\n";
    };
    const auto head = GENERATE(
        as<std::string>{}, "int f(int n) ", "namespace a { struct B { void f() const noexcept ",
        "TEST_CASE(\"a } brace\") ", "auto f = [](int) ", "template <class T> B::B() : a_('{') ");
    Tree tree;

    CHECK(
        function_sizes(tree.write("sdk/a.hpp", "int g() { if (1) {} }\n" + head + body(70)).root())
            .empty());
    check_only(function_sizes(tree.write("sdk/a.hpp", "\n" + head + body(71)).root()),
               "sdk/a.hpp:2", "71 lines");
}

TEST_CASE("a long class of short functions passes") {
    Tree tree;
    std::string text = "class A {\n";
    for (int i = 0; i < 90; ++i) text += "    void f() {}\n";

    CHECK(function_sizes(tree.write("sdk/a.hpp", text + "};\n").root()).empty());
}

TEST_CASE("the host's lines are counted") {
    Tree tree;

    CHECK(host_lines(tree.write("host/a.cpp", "1\n\n  // no\n2 // yes\n").root()) == 6);
}

TEST_CASE("comments, literals and directives are no code, but keep their lines") {
    CHECK(without_comments_and_literals("a // {\nb /* { \n */ c") == "a \nb \n c");
    CHECK(without_comments_and_literals("f(\"{\\\"{\") g('{') 1'000") == "f( ) g( ) 1'000");
    CHECK(without_comments_and_literals("#define X { \\\n {\nint y;") == "\n\nint y;");
    CHECK(without_comments_and_literals("R\"x(\n{)\" )x\" z") == "\n z");
}
