// SPDX-License-Identifier: Apache-2.0
#include "desk.hpp"

namespace dunlin::test {

namespace {

InstanceOptions options_of(const SmtpSink& sink, const DeskOptions& options) {
    InstanceOptions out;
    out.now = options.now;
    if (options.has_documents) out.test_plugins = {"remote"};
    out.toml = "[plugins.correspondence]\n" + options.settings +
               "sending = " + std::string(options.is_sending ? "true" : "false") +
               (options.is_set_up ? "\naccount = \"post\"" : "") + "\nprint_folder = \"" +
               sink.folder().string() +
               "\"\n[plugins.correspondence.companies.\"Dunlin Ltd\"]\n"
               "street = \"1 Main Street\"\npostcode = \"10115\"\ncity = \"Berlin\"\n"
               "iban = \"DE02120300000000202051\"\n"
               "pay_link = \"https://pay.example/{reference}?sum={amount}&in={currency}\"\nfrom = "
               "\"letters@dunlin.example\"\n"
               "[mail.accounts.post]\nserver = \"" +
               sink.server() +
               "\"\ntls = \"none\"\nsender = \"bounces@dunlin.example\"\ntimeout_seconds = 1\n"
               "[tools.pdf]\n";
    const std::string source =
        "[sources.erp]\nconnector = \"remote\"\n[worker]\nin_process = [\"remote\"]\n";
    if (options.has_documents) out.toml.insert(0, source);
    if (!options.is_set_up) out.toml += "program = \"/no/where\"\n";
    if (!options.is_set_up) return out;
    out.toml += options.has_renderer
                    ? "program = \"/usr/bin/python3\"\nresident = true\nargs = [\"" +
                          std::string(DUNLIN_SOURCE_DIR) + "/plugins/correspondence/render.py\"]\n"
                    : "program = \"/bin/sh\"\nargs = [\"-c\", "
                      "\"cat > /dev/null; printf '%%PDF-1.7 made up'\"]\n";
    return out;
}

}  // namespace

Desk::Desk(Dialect dialect, DeskOptions options) : book_(dialect, options_of(sink_, options)) {}

void Desk::customer(const std::string& id, const std::string& mailbox, const std::string& kind) {
    book_.put("customer", {{{"external_id", id},
                            {"number", id},
                            {"name", id + " & Söhne"},
                            {"kind", kind},
                            {"language", "en"},
                            {"currency", "EUR"}}});
    std::vector<Json> points{{{"external_id", id + "-p"},
                              {"customer", id},
                              {"role", "billing"},
                              {"kind", "postal"},
                              {"value", ""},
                              {"street", "Nebenweg 2"},
                              {"city", "Hamburg"},
                              {"postcode", "20095"},
                              {"country", "DE"}}};
    if (!mailbox.empty()) {
        points.push_back({{"external_id", id + "-e"},
                          {"customer", id},
                          {"role", "billing"},
                          {"kind", "email"},
                          {"value", mailbox + "@there.example"},
                          {"street", ""},
                          {"city", ""},
                          {"postcode", ""},
                          {"country", ""}});
    }
    const auto applied = book_.put("contact_point", points);
    if (!applied.rejects.empty()) throw std::runtime_error(applied.rejects.dump());
}

Json Desk::note(const std::string& customer, const std::string& channel) {
    return call("compose", {{"customer", book_.id("customer", customer)},
                            {"channel", channel},
                            {"subject", "About " + customer},
                            {"text", "Guten Tag,\n<b>hello</b>"}});
}

void Desk::event(const std::string& topic, Json payload) {
    auto& host = instance().host();
    auto tx = host.begin(host::Access::write);
    const std::string key = payload.at("customer_id");
    host.events().emit(*tx, "receivables", topic, key, payload.dump());
    tx->commit();
    host.events().deliver_pending();
}

Json Desk::now(const Json& message) {
    return call("message",
                {{"customer", message.at("customer_id")}, {"message", message.at("message_id")}});
}

Json Desk::act(const std::string& command, const Json& message, Json more) {
    more["customer"] = message.at("customer_id");
    more["message"] = message.at("message_id");
    return call(command, more);
}

}  // namespace dunlin::test
