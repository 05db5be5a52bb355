// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include <algorithm>

namespace dunlin::tryton {
namespace {

// In the notes about blocks: what was taken off, and that it was given back.
constexpr std::string_view blocked_mark = "[dunlin-blocked ",
                           given_back_mark = "[dunlin-unblocked]";

Json where(const std::string& field, const char* op, Json value) {
    return Json::array({field, op, std::move(value)});
}

}  // namespace

/// Without a procedure Tryton begins no reminders; those that were begun are blocked one by one.
bool Writer::is_blocked(int64_t party) {
    const auto block = read_block(party);
    return block.procedures.empty() && block.reminders.empty();
}

Writer::Block Writer::read_block(int64_t party) {
    Block out;
    for (const auto& one : companies_) {
        try {
            const auto found = client_.read({"party.party",
                                             Json::array({where("id", "=", party)}),
                                             {"dunning_procedure"},
                                             1,
                                             one.id},
                                            cancel_);
            if (found.empty())
                throw Rejected("customer " + std::to_string(party) + " is not in Tryton");
            const auto procedure = id_at(found[0], "dunning_procedure");
            if (procedure != 0) out.procedures.push_back({one.id, procedure});
            const auto reminders =
                client_.ids({"account.dunning",
                             Json::array({where("party", "=", party), where("blocked", "=", false),
                                          where("company", "=", one.id)}),
                             {},
                             0,
                             one.id},
                            cancel_);
            for (const auto id : reminders) out.reminders.push_back(id);
        } catch (const Refused& e) {
            throw Rejected(std::string("nothing can be blocked in this Tryton: its module "
                                       "account_dunning is not active, or the user is not in the "
                                       "group Dunning: ") +
                           e.what());
        }
    }
    return out;
}

NewRecord Writer::block_note(const WriteBack& write, const std::string& memory) {
    need_target(write, {"customer"});
    auto out = on_resource(write, "ir.note");
    out.key_field = "message";
    const auto until = text_in(write.body, "until"), reason = text_in(write.body, "reason");
    std::string text = write.body.value("on", true) ? "Dunning is blocked" : "Dunning goes on";
    if (!until.empty()) text += " until " + until;
    if (!reason.empty()) text += ": " + reason;
    out.values["message"] = text + "\n" + memory + "\n[" + write.key + "]";
    return out;
}

/// The note first, because afterwards nobody would know what to give back.
Receipt Writer::block(const WriteBack& write) {
    need_target(write, {"customer"});
    const auto party = id_at(target(write, {"code"}), "id");
    const auto now = read_block(party);
    const Json memory{{"procedures", now.procedures}, {"reminders", now.reminders}};
    const auto note = block_note(write, std::string(blocked_mark) + memory.dump() + "]");
    const auto id = make(note, write.key);
    for (const auto& procedure : now.procedures) {
        client_.change("model.party.party.write",
                       Json::array({Json::array({party}),
                                    {{"dunning_procedure", nullptr}},
                                    context(procedure[0].get<int64_t>())}),
                       cancel_);
    }
    if (!now.reminders.empty()) {
        client_.change("model.account.dunning.write",
                       Json::array({now.reminders, {{"blocked", true}}, context(company())}),
                       cancel_);
    }
    return receipt(write, note.model, id);
}

/// What the notes since the last one that gave back say.
Writer::Block Writer::remembered(int64_t party) {
    Block out;
    const auto notes =
        client_.read({"ir.note",
                      Json::array({where("resource", "=", "party.party," + std::to_string(party)),
                                   where("message", "like", "%[dunlin-%")}),
                      {"message"},
                      0,
                      company()},
                     cancel_);
    for (const auto& note : notes) {
        const auto text = text_at(note, "message");
        if (text.find(given_back_mark) != std::string::npos) out = {};
        const auto begin = text.find(blocked_mark);
        if (begin == std::string::npos) continue;
        const auto from = begin + blocked_mark.size();
        const auto line = text.substr(from, text.find('\n', from) - from);
        const auto memory = Json::parse(line.substr(0, line.rfind(']')), nullptr, false);
        if (!memory.is_object()) continue;  // A person edited it.
        const auto is_id = [](const Json& one) { return one.is_number_integer(); };
        for (const auto& one : memory.value("procedures", Json::array())) {
            if (one.is_array() && one.size() == 2 && is_id(one[0]) && is_id(one[1]))
                out.procedures.push_back(one);
        }
        for (const auto& one : memory.value("reminders", Json::array())) {
            if (is_id(one)) out.reminders.push_back(one);
        }
    }
    return out;
}

Receipt Writer::unblock(const WriteBack& write) {
    need_target(write, {"customer"});
    const auto party = id_at(target(write, {"code"}), "id");
    const auto note = block_note(write, std::string(given_back_mark));
    const auto ids = made(note, write.key);
    if (!ids.empty()) return receipt(write, note.model, ids.front());
    const auto now = read_block(party);
    const auto before = remembered(party);
    for (const auto& procedure : before.procedures) {
        const bool has_one = std::any_of(now.procedures.begin(), now.procedures.end(),
                                         [&](const Json& one) { return one[0] == procedure[0]; });
        if (has_one) continue;  // A person gave it another one since.
        client_.change("model.party.party.write",
                       Json::array({Json::array({party}),
                                    {{"dunning_procedure", procedure[1]}},
                                    context(procedure[0].get<int64_t>())}),
                       cancel_);
    }
    // Those that were deleted since are left out.
    const auto there =
        client_.ids({"account.dunning",
                     Json::array({where("id", "in", before.reminders),
                                  where("active", "in", Json::array({true, false}))}),
                     {},
                     0,
                     company()},
                    cancel_);
    if (!there.empty()) {
        client_.change("model.account.dunning.write",
                       Json::array({there, {{"blocked", false}}, context(company())}), cancel_);
    }
    return receipt(write, note.model, make(note, write.key));
}

}  // namespace dunlin::tryton
