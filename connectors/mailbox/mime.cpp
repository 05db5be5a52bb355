// SPDX-License-Identifier: Apache-2.0
#include "mime.hpp"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>

#include "status.hpp"
#include "text.hpp"

namespace dunlin::mailbox {

namespace {

constexpr std::size_t line_max = 500;
constexpr std::size_t address_max = 320;  // RFC 3696.
constexpr std::size_t list_max = 100;
constexpr std::size_t words_max = std::size_t{64} << 10U;

struct Unref {
    void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

std::string_view text_or_empty(const char* text) {
    return text ? text : "";
}

std::size_t count(std::string_view text, std::string_view word) {
    std::size_t out = 0;
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        ++out;
    }
    return out;
}

/// Why its parts are left alone; empty: they are read. Asked before anything follows them, because
/// what is nested deeply enough ends every stack.
std::string too_much(std::string_view raw, const MimeLimits& limits) {
    const auto text = lower(raw);
    const auto containers = count(text, "multipart/") + count(text, "message/");
    if (containers > limits.containers) {
        return "it has more than " + std::to_string(limits.containers) +
               " parts that hold parts; only its head was read";
    }
    if (containers > 0 && count(text, "\n--") > limits.parts) {
        return "it has more than " + std::to_string(limits.parts) +
               " parts; only its head was read";
    }
    return {};
}

std::string_view head_of(std::string_view raw) {
    const auto end = std::min(raw.find("\n\n"), raw.find("\n\r\n"));
    return end == std::string_view::npos ? raw : raw.substr(0, end + 1);
}

class Reading {
public:
    Reading(ParsedMail& out, const MimeLimits& limits) : out_(out), limits_(limits) {}

    void read_head(GMimeMessage* message) {
        auto* object = reinterpret_cast<GMimeObject*>(message);
        out_.subject = clean_line(text_or_empty(g_mime_message_get_subject(message)), line_max);
        out_.message_id = id_of(g_mime_message_get_message_id(message));
        read_sender(g_mime_message_get_from(message));
        add_recipients(g_mime_message_get_to(message));
        add_recipients(g_mime_message_get_cc(message));
        add_references(header(object, "In-Reply-To"));
        add_references(header(object, "References"));
        out_.automatic = automatic_of(object);
        read_envelope(object);
        if (auto* date = g_mime_message_get_date(message); date && !out_.received_us) {
            out_.received_us = g_date_time_to_unix(date) * 1'000'000;
        }
    }

    void read_parts(GMimeObject* part, bool is_report) {
        if (GMIME_IS_MULTIPART(part)) {
            auto* parts = reinterpret_cast<GMimeMultipart*>(part);
            const bool reports = is_type(part, "multipart", "report");
            if (reports) note_report(part);
            const auto size = g_mime_multipart_get_count(parts);
            for (int i = 0; i < size; ++i) {
                read_parts(g_mime_multipart_get_part(parts, i), is_report || reports);
            }
        } else if (GMIME_IS_MESSAGE_PART(part)) {
            auto* inner =
                g_mime_message_part_get_message(reinterpret_cast<GMimeMessagePart*>(part));
            if (inner && is_report && out_.reported_id.empty()) {
                out_.reported_id = id_of(g_mime_message_get_message_id(inner));
            }
            attach(part, 0);
        } else if (GMIME_IS_PART(part)) {
            read_leaf(part, is_report);
        }
    }

    void end() {
        const bool has_plain = plain_.find_first_not_of(" \t\n") != std::string::npos;
        out_.text = has_plain ? plain_ : text_of_html(html_, limits_.text_bytes);
    }

private:
    static std::string_view header(GMimeObject* object, const char* name) {
        return text_or_empty(g_mime_object_get_header(object, name)).substr(0, words_max);
    }
    static bool is_type(GMimeObject* part, const char* type, const char* subtype) {
        auto* found = g_mime_object_get_content_type(part);
        return found && g_mime_content_type_is_type(found, type, subtype) != FALSE;
    }
    static std::string id_of(const char* id) { return clean_line(text_or_empty(id), line_max); }

    void read_sender(InternetAddressList* list) {
        if (!list || internet_address_list_length(list) < 1) return;
        auto* first = internet_address_list_get_address(list, 0);
        out_.sender_name = clean_line(text_or_empty(internet_address_get_name(first)), line_max);
        out_.sender = address_of(first);
    }
    static std::string address_of(InternetAddress* one) {
        if (!INTERNET_ADDRESS_IS_MAILBOX(one)) return {};
        auto* mailbox = reinterpret_cast<InternetAddressMailbox*>(one);
        return lower(
            clean_line(text_or_empty(internet_address_mailbox_get_addr(mailbox)), address_max));
    }
    void add_recipients(InternetAddressList* list) {
        const int size = list ? internet_address_list_length(list) : 0;
        for (int i = 0; i < size && out_.recipients.size() < list_max; ++i) {
            add_recipient(address_of(internet_address_list_get_address(list, i)));
        }
    }
    void add_recipient(std::string address) {
        auto& all = out_.recipients;
        if (address.empty() || all.size() >= list_max) return;
        if (std::find(all.begin(), all.end(), address) == all.end()) {
            all.push_back(std::move(address));
        }
    }
    /// Message-IDs in angle brackets, and nothing else.
    void add_references(std::string_view text) {
        for (std::size_t at = 0; out_.references.size() < list_max;) {
            const auto begin = text.find('<', at);
            const auto end = text.find('>', begin);
            if (begin == std::string_view::npos || end == std::string_view::npos) return;
            auto id = clean_line(text.substr(begin + 1, end - begin - 1), line_max);
            auto& all = out_.references;
            if (!id.empty() && std::find(all.begin(), all.end(), id) == all.end()) {
                all.push_back(std::move(id));
            }
            at = end + 1;
        }
    }

    /// RFC 3834, and what programs write that do not know it.
    static std::string automatic_of(GMimeObject* object) {
        const auto submitted = lower(clean_line(header(object, "Auto-Submitted"), 40));
        if (!submitted.empty() && submitted.compare(0, 2, "no") != 0) return submitted;
        if (!header(object, "X-Autoreply").empty() || !header(object, "X-Autorespond").empty()) {
            return "auto-replied";
        }
        const auto precedence = lower(clean_line(header(object, "Precedence"), 40));
        for (const auto* word : {"bulk", "list", "junk", "auto_reply"}) {
            if (precedence == word) return precedence;
        }
        if (!header(object, "List-Id").empty()) return "list";
        return header(object, "Return-Path") == "<>" ? "no-sender" : "";
    }

    void read_envelope(GMimeObject* object) {
        auto* headers = g_mime_object_get_header_list(object);
        const auto size = std::min(g_mime_header_list_get_count(headers), 1000);
        for (int i = 0; i < size; ++i) {
            auto* one = g_mime_header_list_get_header_at(headers, i);
            const auto name = lower(text_or_empty(g_mime_header_get_name(one)).substr(0, 40));
            const bool is_envelope =
                name == "delivered-to" || name == "x-original-to" || name == "envelope-to";
            const bool is_received = name == "received" && !out_.received_us;
            if (!is_envelope && !is_received) continue;
            const auto value = text_or_empty(g_mime_header_get_value(one)).substr(0, words_max);
            if (is_envelope) {
                auto address = lower(clean_line(value, address_max));
                if (address.find_first_of("<> ,") == std::string::npos) add_recipient(address);
            } else if (const auto semicolon = value.rfind(';'); semicolon != value.npos) {
                read_date(std::string(value.substr(semicolon + 1)));
            }
        }
    }
    void read_date(const std::string& text) {
        auto* date = g_mime_utils_header_decode_date(text.c_str());
        if (!date) return;
        out_.received_us = g_date_time_to_unix(date) * 1'000'000;
        g_date_time_unref(date);
    }

    void note_report(GMimeObject* part) {
        const auto kind =
            lower(text_or_empty(g_mime_object_get_content_type_parameter(part, "report-type")));
        if (out_.automatic.empty()) out_.automatic = clean_line(kind, 40);
        if (out_.automatic.empty()) out_.automatic = "report";
    }

    void attach(GMimeObject* part, int64_t size) {
        if (out_.attachments.size() >= list_max) return;
        Attachment one;
        if (GMIME_IS_PART(part)) {
            auto* leaf = reinterpret_cast<GMimePart*>(part);
            one.name = clean_line(text_or_empty(g_mime_part_get_filename(leaf)), line_max);
        }
        if (auto* type = g_mime_object_get_content_type(part)) {
            one.media_type =
                clean_line(text_or_empty(g_mime_content_type_get_media_type(type)), 40) + "/" +
                clean_line(text_or_empty(g_mime_content_type_get_media_subtype(type)), 80);
        }
        one.size = size;
        out_.attachments.push_back(std::move(one));
    }

    /// Decoded, at most that many bytes of it.
    static std::string content_of(GMimePart* leaf, std::size_t bytes_max) {
        auto* content = g_mime_part_get_content(leaf);
        if (!content) return {};
        const Owned<GMimeStream> stream(g_mime_stream_mem_new());
        g_mime_data_wrapper_write_to_stream(content, stream.get());
        const auto* bytes =
            g_mime_stream_mem_get_byte_array(reinterpret_cast<GMimeStreamMem*>(stream.get()));
        const auto* data = reinterpret_cast<const char*>(bytes->data);
        return data ? std::string(data, std::min<std::size_t>(bytes->len, bytes_max)) : "";
    }

    void read_leaf(GMimeObject* part, bool is_report) {
        auto* leaf = reinterpret_cast<GMimePart*>(part);
        if (is_report && is_type(part, "message", "delivery-status")) {
            read_delivery_status(content_of(leaf, words_max), out_.reports);
            return;
        }
        // Programs that do not know the type send it as text.
        if (is_report && is_type(part, "text", "rfc822-headers") && out_.reported_id.empty()) {
            out_.reported_id = message_id_in(content_of(leaf, words_max));
            return;
        }
        const bool is_plain = is_type(part, "text", "plain");
        const bool is_html = is_type(part, "text", "html");
        const bool is_named = g_mime_part_is_attachment(leaf) != FALSE;
        if (!GMIME_IS_TEXT_PART(part) || is_named || (!is_plain && !is_html)) {
            auto* content = g_mime_part_get_content(leaf);
            auto* stream = content ? g_mime_data_wrapper_get_stream(content) : nullptr;
            return attach(part, stream ? g_mime_stream_length(stream) : 0);
        }
        auto& into = is_plain ? plain_ : html_;
        // A page is mostly what nobody sees.
        const auto most = is_plain ? limits_.text_bytes : 8 * limits_.text_bytes;
        if (into.size() >= most) return;
        const std::unique_ptr<char, void (*)(void*)> text(
            g_mime_text_part_get_text(reinterpret_cast<GMimeTextPart*>(part)), g_free);
        into += clean_text(text_or_empty(text.get()), most - into.size());
        if (!into.empty() && into.back() != '\n' && into.size() < most) into += '\n';
    }

    ParsedMail& out_;
    const MimeLimits& limits_;
    std::string plain_, html_;
};

}  // namespace

ParsedMail parse_mail(std::string_view raw, const MimeLimits& limits) {
    static const bool is_ready = (g_mime_init(), true);
    static_cast<void>(is_ready);
    ParsedMail out;
    out.problem = too_much(raw, limits);
    const auto head = head_of(raw);
    const auto read = out.problem.empty() ? raw : head;
    const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(read.data(), read.size()));
    const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
    const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
    if (!message) {
        out.problem = "it is no mail";
        out.text = clean_text(raw, limits.text_bytes);
        return out;
    }
    Reading reading(out, limits);
    reading.read_head(message.get());
    if (auto* body = g_mime_message_get_mime_part(message.get()); body && out.problem.empty()) {
        reading.read_parts(body, /*is_report=*/false);
        reading.end();
    } else {
        out.text = clean_text(raw.substr(head.size()), limits.text_bytes);
    }
    if (out.problem.empty() && out.sender.empty()) out.problem = "it does not say who sent it";
    return out;
}

}  // namespace dunlin::mailbox
