// Made by openapi-types.js from docs/openapi.json; not edited by hand.

export interface paths {
    "/api/v1/about": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this server is and holds, as the asker may see it. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["About"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is rising, new and announced in the posts of channels. */
        get: {
            parameters: {
                query?: {
                    /** @description The first day; six days before the last where not given. */
                    since?: string;
                    /** @description The last day; today where not given. */
                    until?: string;
                    /** @description Kinds of names, separated by commas. */
                    kind?: string;
                    /** @description Only channels whose name holds this. */
                    channel?: string;
                    /** @description The share of rising names that may be chance; 0.1 where not given. */
                    rate?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ActivityAnswer"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/attack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The whole matrix of ATT&CK Enterprise, as the reference data has it: a ground to lay on what
         *     `GET /api/v1/techniques` knows.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AttackGrid"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did, saw and exported what, the newest first; denials too. */
        get: {
            parameters: {
                query?: {
                    /** @description By this user. */
                    who?: string;
                    /** @description Whose route or subject holds this. */
                    what?: string;
                    /** @description `allowed` or `denied`. */
                    outcome?: string;
                    /** @description From this time on (RFC 3339). */
                    since?: string;
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_AuditRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What an analyst says against, for or beside the documents: kept as a claim of his own, which
         *     `POST /api/v1/history/{change}/undo` takes back.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Said"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Kept"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/clusters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Activity clusters (as UNC2639): what is held together by evidence and not yet attributed. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_EntityRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Two names or values beside each other: what both have, what only one has, and whose each technique is. */
        get: {
            parameters: {
                query: {
                    /** @description The first: a name, an alias or a value, defanged or not; or `kind:value`. */
                    a: string;
                    /** @description The second, likewise. */
                    b: string;
                    /** @description Things named of each share, 0 to 1000; 100 where not given. All are counted. */
                    rows?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Names and values that hold what was typed so far, those that begin with it first. */
        get: {
            parameters: {
                query: {
                    /** @description Words, or a value, defanged or not. */
                    q: string;
                    /** @description Hits at most. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Names"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/decay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The decay curve of an indicator. */
        get: {
            parameters: {
                query: {
                    /** @description The kind of the value. */
                    kind: string;
                    value: string;
                    /** @description The day on which it is looked at. */
                    today?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Decay"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The documents, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Whose title, name, source or address holds this. */
                    q?: string;
                    /** @description Of this publisher. */
                    source?: string;
                    /** @description Read as this format. */
                    format?: string;
                    /** @description Published on or after this day. */
                    since?: string;
                    /** @description Published on or before this day. */
                    until?: string;
                    /** @description `added` (usual), `published` or `label`. */
                    sort?: string;
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_DocumentRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Adds documents: files of a form, or a text, or an address. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewDocument"];
                    "multipart/form-data": components["schemas"]["NewDocuments"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AddedDocuments"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/documents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A document: text, structure, claims with their places, gaps. */
        get: {
            parameters: {
                query?: {
                    /** @description The first so many claims; all where not given. `/documents/{id}/claims` gives the others. */
                    claims?: number;
                    /** @description Only these parts of the text, separated by commas, as `heading,code`; all where not given. */
                    regions?: string;
                };
                header?: never;
                path: {
                    /** @description 32 hexadecimal digits */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DocumentDetail"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/documents/{id}/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The claims of a document, in order of place. */
        get: {
            parameters: {
                query?: {
                    /** @description Claims of the page, 1 to 10000; 1000 where not given. */
                    limit?: number;
                    /** @description `next` of the page before, or `claims_next` of the document. */
                    cursor?: string;
                };
                header?: never;
                path: {
                    /** @description 32 hexadecimal digits */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ClaimPage"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/documents/{id}/origin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which documents go back to the same observer as this one, and why that is thought: the shared
         *     passages side by side.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description 32 hexadecimal digits */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DocumentOrigin"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/documents/{id}/raw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The bytes of a document as they were read, to be kept and not shown. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description 32 hexadecimal digits */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": number[];
                    };
                };
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/entities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the store speaks of: actors, malware, techniques …; without `kind`, all but values. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this kind, as `threat-actor`. */
                    kind?: string;
                    /** @description Whose value holds this. */
                    q?: string;
                    /** @description `value` (usual) or `documents`. */
                    sort?: string;
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_EntityRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/entities/kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The kinds of which the store speaks, with their number. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KindCounts"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What changes, as server-sent events: `change`, `document`, `undo`, `hunt`; only what the
         *     asker may see.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why it is believed: facts, origins, claims, places, arithmetic; by pages. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
                     *     `kind:value`, where a name means several things.
                     */
                    of: string;
                    /** @description The kind, where a name means several things. */
                    kind?: string;
                    /** @description Only what was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Explained"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A part of the store as a file; a tape archive (tar) where the form has several. */
        get: {
            parameters: {
                query: {
                    /** @description The form: see `/api/v1/exports`. */
                    as: string;
                    /** @description A campaign, actor, cluster, value or document; everything where not given. */
                    of?: string;
                    /** @description Nothing above this goes out; the asker's ceiling where not given, never above it. */
                    tlp?: string;
                    /** @description As `tlp`, of the Permissible Actions Protocol. */
                    pap?: string;
                    /** @description Leave out what was last known before this day. */
                    since?: string;
                    /** @description Only these kinds, separated by commas. */
                    kind?: string;
                    /** @description Only these statuses, separated by commas. */
                    status?: string;
                    /** @description Of indicators only those whose value holds this. */
                    q?: string;
                    /** @description At least this probable. */
                    min_probability?: number;
                    /** @description What was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which indicators are judged. */
                    today?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": unknown;
                        "application/stix+json": unknown;
                        "text/csv": string;
                        "text/plain": string;
                        "text/markdown": string;
                        "text/html": string;
                        "application/pdf": number[];
                        "application/x-tar": number[];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The forms in which the store goes out. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Formats"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/false-positives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Marks a value as no indicator. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["FalsePositive"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Kept"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feeds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The feeds, by name. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_FeedRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Adds a feed, and pulls it as soon as may be. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewFeedBody"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FeedRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feeds/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One feed. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FeedRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Forgets a feed; its documents stay. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feeds/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Leaves a feed alone until it is resumed. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FeedRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feeds/{name}/pull": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pulls a feed as soon as may be. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Ordered"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feeds/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a paused feed up again. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FeedRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What comes next, with the back-test of each statement. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
                     *     `kind:value`, where a name means several things.
                     */
                    of: string;
                    /** @description The kind, where a name means several things. */
                    kind?: string;
                    /** @description Only what was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ForecastAnswer"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gaps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What documents declare and do not show. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this document. */
                    document?: string;
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_GapRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/graph": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The most telling things next to a name or value, and all facts between them. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
                     *     `kind:value`, where a name means several things.
                     */
                    of: string;
                    /** @description The kind, where a name means several things. */
                    kind?: string;
                    /** @description Only what was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                    /** @description Nodes at most, 1 to 1000; 200 where not given. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Graph"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every change, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_ChangeRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history/{change}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One change. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Its number */
                    change: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ChangeDetail"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history/{change}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a change back; undo the undo to bring it back. Only an administrator takes back what
         *     another user did, and nobody what he may not see all of.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Its number */
                    change: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Undone"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hunt-root": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What lies under the hunt folder of the server. */
        get: {
            parameters: {
                query?: {
                    /** @description A folder under the hunt folder. */
                    path?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FolderList"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hunts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The hunts of this server, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_HuntRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Begins a hunt through uploaded files, or through files of the server. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewHunt"];
                    "multipart/form-data": components["schemas"]["HuntUploads"];
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HuntRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hunts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One hunt: how far it is, or what it means. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HuntDetail"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Forgets a hunt, its uploads and its result. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hunts/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The progress of a hunt, and its end, as server-sent events. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hunts/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The report of a hunt as a file. */
        get: {
            parameters: {
                query: {
                    /** @description `md`, `html`, `csv`, `json`, `stix`, `ecs`. */
                    as: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/markdown": string;
                        "text/html": string;
                        "text/csv": string;
                        "application/x-ndjson": string;
                        "application/stix+json": unknown;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hunts/{id}/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The findings of a hunt, in order of time. */
        get: {
            parameters: {
                query?: {
                    /** @description Made by: indicator, sigma, yara, check, activity. */
                    kind?: string;
                    /** @description At least so severe: informational, low, medium, high, critical. */
                    severity?: string;
                    /** @description Of this rule or check. */
                    rule?: string;
                    /** @description With this title. */
                    finding?: string;
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_Value"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hunts/{id}/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The findings of a hunt, those of one title together, the most telling first. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Groups"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/indicators": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The indicators, by pages. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this kind, as `ipv4-addr`. */
                    kind?: string;
                    /** @description With one of these, separated by commas: active, ageing, expired, revoked, benign, undated. */
                    status?: string;
                    /** @description At least this probable. */
                    min_probability?: number;
                    /** @description Whose value holds this. */
                    q?: string;
                    /** @description Known on or after this day. */
                    since?: string;
                    /** @description Of this campaign, actor, malware … */
                    of?: string;
                    /** @description `value` (usual), `probability` or `last`. */
                    sort?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_IndicatorRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One's own keys; an administrator sees all. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_KeyRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a key; the answer holds it, once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KeyRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a key back for good. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What reference data is built in or loaded. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KnowledgeList"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lookup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What is known of many values at once, or of everything in a text. */
        post: {
            parameters: {
                query?: {
                    /** @description The day on which decay is read; today where not given. */
                    today?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LookUp"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LookedUpAll"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/minted-clusters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Clusters of activity that shared evidence holds together and that nobody named, those of most origins first. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_MintedRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/minted-clusters/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The decisions on clusters, those taken back too, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_ClusterDecisionRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Decides on clusters. Undo the change to take it back. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ClusterQuestion"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Decided"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/minted-clusters/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a decision on clusters would do; nothing is changed. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ClusterQuestion"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ClusterPreviewed"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/minted-clusters/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One cluster, by its name or that of one that it took in. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description As `LW-3F2A91` */
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MintedCluster"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/names": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Names that may mean the same: what is open first, then what was decided. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_NameProposal"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Decides what a name means: all facts on it are derived anew. Undo the change to take it back. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NameQuestion"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Decided"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/names/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The decisions on names, those taken back too, the newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_NameDecision"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/names/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a decision would do; nothing is changed. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NameQuestion"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NamePreviewed"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/news": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What changed in what is known since a moment: new names, and what further observers confirm or deny. */
        get: {
            parameters: {
                query?: {
                    /** @description A time (RFC 3339); a week ago where not given. */
                    since?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewsAnswer"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/origins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The groups of documents that go back to one observer each. */
        get: {
            parameters: {
                query?: {
                    /** @description Rows of the page, 1 to 1000. */
                    limit?: number;
                    /** @description `next` of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_OriginRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/page": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All that is known of a name or value, as typed sections: what `lapwing show --as json` prints. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
                     *     `kind:value`, where a name means several things.
                     */
                    of: string;
                    /** @description The kind, where a name means several things. */
                    kind?: string;
                    /** @description Only what was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                    /** @description Indicators at most; all where not given. `/indicators?of=` gives the others. */
                    rows?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/page.html": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same as one self-contained page of HTML, values defanged. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
                     *     `kind:value`, where a name means several things.
                     */
                    of: string;
                    /** @description The kind, where a name means several things. */
                    kind?: string;
                    /** @description Only what was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/html": string;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/page.md": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same in Markdown, values defanged. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
                     *     `kind:value`, where a name means several things.
                     */
                    of: string;
                    /** @description The kind, where a name means several things. */
                    kind?: string;
                    /** @description Only what was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/markdown": string;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/page.txt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same for a terminal, values defanged. */
        get: {
            parameters: {
                query: {
                    /**
                     * @description A campaign, actor, malware, value …: a name, an alias or a value, defanged or not; or
                     *     `kind:value`, where a name means several things.
                     */
                    of: string;
                    /** @description The kind, where a name means several things. */
                    kind?: string;
                    /** @description Only what was known by the end of this day. */
                    as_of?: string;
                    /** @description The day on which decay is read. */
                    today?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Names, values and texts that hold the words. */
        get: {
            parameters: {
                query: {
                    /** @description Words, or a value, defanged or not. */
                    q: string;
                    /** @description Hits at most. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Found"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is logged in, and what he may do. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionInfo"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Logs in: sets the cookie. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Credentials"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionInfo"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Logs out. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Changes one's own password; ends all other sessions. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewPassword"];
                };
            };
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/techniques": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The techniques that the store, or the documents of a topic, speak of. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this campaign, actor, malware; of the whole store where not given. */
                    of?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Techniques"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened when: of a name, of a document, or of the whole store. */
        get: {
            parameters: {
                query?: {
                    /** @description Of this name or value; of the whole store where nothing is given. */
                    of?: string;
                    /** @description Of this document. */
                    document?: string;
                    /** @description Moments at most, 1 to 5000; 500 where not given: the latest. */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Timeline"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The users. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_UserRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a user. The first one has to be an administrator: from then on everybody logs in. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewUser"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a user away, with his keys and webhooks. The audit log keeps what he did. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Changes a user. His sessions end when his password or his right to log in changes. */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UserChange"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UserRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The webhooks. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["List_WebhookRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Makes a webhook; the answer holds its secret, once. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookRow"];
                    };
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes a webhook away. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description What went wrong, and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What this server is and holds. */
        About: {
            /** @description The asker's ceiling (TLP). */
            ceiling: string;
            /** Format: int64 */
            changes: number;
            /**
             * Format: int64
             * @description Documents that the asker may see, and what follows from them.
             */
            documents: number;
            /** Format: int64 */
            facts: number;
            /** Format: int64 */
            gaps: number;
            /** @description Whether hunts may read files of the server. */
            hunt_root: boolean;
            /** Format: int64 */
            indicators: number;
            /** @description Reference data. */
            knowledge: Record<string, never>[];
            limits: components["schemas"]["AboutLimits"];
            /**
             * Format: date-time
             * @description Time of the server.
             */
            now: string;
            /** Format: int64 */
            origins: number;
            /** @description The asker's ceiling (PAP). */
            pap: string;
            /** @description Whether documents may be added by their address. */
            url_adding: boolean;
            /** @description Version of the program. */
            version: string;
        };
        /** @description What one request may bring. */
        AboutLimits: {
            /** @description Bytes of an upload. */
            body_bytes: number;
            /** @description Bytes of a JSON body. */
            json_bytes: number;
            /** @description Values of one look-up. */
            lookup: number;
            /**
             * Format: int32
             * @description Requests a minute.
             */
            per_minute: number;
        };
        /** @description What goes on in the channels. The items are those of `lapwing activity --json`. */
        ActivityAnswer: {
            /** @description The channels. */
            channels: Record<string, never>[];
            /** @description Names that no document spoke of before. */
            first_sightings: Record<string, never>[];
            /** @description What posts announce. */
            intentions: Record<string, never>[];
            /** @description Names that were judged. */
            judged: number;
            /** @description The model, and what it was tested on. */
            model: unknown;
            /** @description Days of past that they were judged by. */
            past_days: number;
            /** @description Posts of these days. */
            posts: number;
            /** Format: double */
            rate: number;
            /** @description Names that rise, the least expected first. */
            rising: Record<string, never>[];
            /** Format: date */
            since: string;
            /** Format: date */
            until: string;
        };
        /** @description What an addition changed. */
        AddedDocuments: {
            /**
             * Format: int64
             * @description The change; null when nothing was new.
             */
            change?: number | null;
            /** Format: int64 */
            claims: number;
            documents: components["schemas"]["AddedRow"][];
            /**
             * Format: int64
             * @description Facts that were derived anew.
             */
            facts: number;
            /** Format: int64 */
            gaps: number;
            /** Format: int64 */
            known_documents: number;
            /** Format: int64 */
            new_documents: number;
            /** @description What could not be read, and why. */
            problems: string[];
        };
        /** @description A document by its name. */
        AddedLabel: {
            id: string;
            label: string;
        };
        /** @description One document of an addition. */
        AddedRow: {
            claims: number;
            gaps: number;
            id: string;
            label: string;
            /** @description False when the same bytes were there already. */
            new: boolean;
        };
        /** @description ATT&CK as it is, whatever the store speaks of. */
        AttackGrid: {
            /** @description The columns, in their order. */
            tactics: components["schemas"]["TacticName"][];
            /** @description The techniques in force, by identifier. */
            techniques: components["schemas"]["AttackTechnique"][];
            /** @description As `v18.1`; null where the reference data does not say. */
            version?: string | null;
        };
        /** @description A technique or sub-technique. */
        AttackTechnique: {
            /** @description As `T1505.003`. */
            id: string;
            name: string;
            /** @description As `persistence`. */
            tactics: string[];
        };
        /** @description A line of the audit log. */
        AuditRow: {
            /** Format: date-time */
            at: string;
            /** @description From which address. */
            from: string;
            /** @description The prefix of the key that was used. */
            key?: string | null;
            method: string;
            /** Format: int64 */
            n: number;
            /** @description `allowed` or `denied`. */
            outcome: string;
            route: string;
            /** Format: int32 */
            status: number;
            /** @description What it was about. */
            what: string;
            /** @description Empty when nobody said who he is. */
            who: string;
        };
        /** @description What holds two origins together. */
        BondRow: {
            a: string;
            b: string;
            because: string[];
            /**
             * Format: double
             * @description How much they share, weighted by rarity.
             */
            weight: number;
        };
        /** @description A change with what it added. */
        ChangeDetail: components["schemas"]["ChangeRow"] & {
            /** @description The documents that it added and that are in sight. */
            added: components["schemas"]["AddedLabel"][];
        };
        /** @description A change of the store. */
        ChangeRow: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            change: number;
            /** Format: int64 */
            claims: number;
            /** @description What was asked for. */
            command: string;
            /** Format: int64 */
            documents: number;
            /** Format: int64 */
            gaps: number;
            /**
             * Format: int64
             * @description The change in whose place this one put its documents.
             */
            replaces?: number | null;
            /**
             * Format: int64
             * @description The change that this one took back.
             */
            undoes?: number | null;
            /**
             * Format: int64
             * @description The change that took this one back, or took its place.
             */
            undone_by?: number | null;
        };
        /** @description A page of claims. */
        ClaimPage: {
            /** @description What the document says, in order of place. */
            items: Record<string, never>[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many claims the document has in all.
             */
            total: number;
        };
        /** @description A decision on clusters. */
        ClusterDecisionRow: {
            /** @description `merge` or `split`. */
            action: string;
            /** Format: date-time */
            at: string;
            because: string;
            /**
             * Format: int64
             * @description The change that keeps it: undo it to take it back.
             */
            change: number;
            /** @description The clusters that were merged, or the one that was split. */
            clusters: string[];
            /** @description The documents of each group that was joined or kept apart, as far as they are in sight. */
            groups: components["schemas"]["DocumentName"][][];
            /**
             * Format: int64
             * @description The undo that took it back.
             */
            undone_by?: number | null;
        };
        /** @description What a decision would do. */
        ClusterPreviewed: {
            /** @description As they would be. */
            after: components["schemas"]["OutlineRow"][];
            /** @description Origins that would be in no cluster any more. */
            alone: string[];
            /** @description The clusters that it touches, as they are. */
            before: components["schemas"]["OutlineRow"][];
            /** @description The marking that the decision would have. */
            marking: string;
            /** @description Bonds of the evidence that the decision would overrule. */
            overruled: string[];
            /** @description In words. */
            says: string;
        };
        /** @description What is to be decided of clusters. */
        ClusterQuestion: {
            /** @description `merge`: `clusters` are one activity; `split`: `origins` are no part of `cluster`. */
            action: string;
            because?: string | null;
            /** @description For `split`. */
            cluster?: string | null;
            /** @description Two names or more, for `merge`. */
            clusters?: string[];
            /** @description Origins that leave the cluster, for `split`. */
            origins?: string[];
            /** @description Its marking; that of the documents where not given. */
            tlp?: string | null;
        };
        /** @description What became of it on a day. */
        ClusterStep: {
            on?: string | null;
            what: string;
        };
        /** @description Name and password. */
        Credentials: {
            name: string;
            /** Format: password */
            password: string;
        };
        /** @description How an indicator loses its worth. */
        Decay: {
            /** @description Days after it was last known. */
            days: number[];
            /**
             * Format: double
             * @description Below this it is expired.
             */
            expired_below: number;
            /** @description When it was last known. */
            last?: string | null;
            /** @description By what law. */
            law: string;
            /** @description The probability that it is still in use, on each of these days. */
            score: number[];
            /** @description Today's status. */
            status?: string | null;
            /**
             * Format: int32
             * @description The day of today among them: days since it was last known; null when no date tells.
             */
            today?: number | null;
        };
        /** @description A decision that was kept; undo the change to take it back. */
        Decided: {
            /** Format: int64 */
            change: number;
            /** @description Its marking. */
            marking: string;
        };
        /** @description A document that was made from another one, or from what is not in the store. */
        DerivationRow: {
            /** @description What was made; null for an outside source that names its own. */
            child?: string | null;
            child_label: string;
            /** @description Whether it is the derivation that the origin goes by. */
            counts: boolean;
            /** @description What it was made from; null for what is not in the store. */
            parent?: string | null;
            parent_label: string;
            /** @description Passages that both texts share, in order of place. */
            passages: components["schemas"]["PassageRow"][];
            /**
             * Format: double
             * @description How sure that is.
             */
            probability: number;
            /**
             * Format: double
             * @description Share of the copy's text that the passages make up.
             */
            share_of_text?: number | null;
            /** @description Indicators that both name. */
            shared_values: number;
            /** @description Some of them. */
            values: components["schemas"]["EntityName"][];
            why: string;
        };
        /** @description A document with all that it says. */
        DocumentDetail: {
            /** Format: date-time */
            added: string;
            /** Format: int64 */
            change: number;
            /** @description What it says, in order of place. */
            claims: Record<string, never>[];
            /** @description Where `/documents/{id}/claims` goes on, when these are not all. */
            claims_next?: string | null;
            /**
             * Format: int64
             * @description How many claims it has in all.
             */
            claims_total: number;
            /** @description With its text; `id`, `name`, `format`, `text` always. */
            document: Record<string, never>;
            /** @description What it declares and does not show. */
            gaps: Record<string, never>[];
            origin?: components["schemas"]["OriginRow"] | null;
            /** Format: int64 */
            raw_bytes: number;
            /** @description What the parts of the text are: `{"span":{"start","end"},"is":"heading",…}`. */
            regions: Record<string, never>[];
        };
        /** @description A document by its name. */
        DocumentName: {
            id: string;
            label: string;
        };
        /** @description The origin of a document, with what shows that one was made from another. */
        DocumentOrigin: components["schemas"]["OriginRow"] & {
            /**
             * @description The derivations that hang together with the document, those that count first; 200 at most, its
             *     own before all others.
             */
            derivations: components["schemas"]["DerivationRow"][];
            /** @description How many there are in all. */
            derivations_total: number;
        };
        /** @description A document without its text. */
        DocumentRow: {
            /** Format: date-time */
            added: string;
            /**
             * Format: int64
             * @description The change that added it.
             */
            change: number;
            /** Format: int64 */
            claims: number;
            /** @description What it was read as. */
            format: string;
            /** Format: int64 */
            gaps: number;
            /** @description Admiralty grade, as `B2`. */
            grade?: string | null;
            /** @description 32 hexadecimal digits. */
            id: string;
            /** @description Name for people. */
            label: string;
            /** @description Null when it states none. */
            marking?: string | null;
            /** @description Path or address as given. */
            name: string;
            /** @description Documents of one origin go back to one observer. */
            origin?: string | null;
            origin_label?: string | null;
            published?: string | null;
            /** Format: int64 */
            raw_bytes: number;
            /** @description Who published it. */
            source?: string | null;
            /** Format: int64 */
            text_bytes: number;
            title?: string | null;
            url?: string | null;
        };
        /** @description A thing by its kind and value. */
        EntityName: {
            /** @description As `threat-actor`, `ipv4-addr`: the STIX object type where there is one. */
            kind: string;
            value: string;
        };
        /** @description A thing that the store speaks of. */
        EntityRow: {
            /**
             * Format: int64
             * @description Documents that speak of it.
             */
            documents: number;
            /**
             * Format: int64
             * @description Facts of which it is a part.
             */
            facts: number;
            kind: string;
            /** @description Its name, where the value is an identifier. */
            name?: string | null;
            value: string;
        };
        /** @description Why it is believed. */
        Explained: {
            /** @description A fact each, with its arithmetic and its claims. */
            items: Record<string, never>[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            subject: components["schemas"]["EntityName"];
            /**
             * Format: int64
             * @description How many facts there are in all.
             */
            total: number;
        };
        /** @description A value that is no indicator. */
        FalsePositive: {
            kind: string;
            /** @description Its marking; that of what is known of the value where not given. */
            tlp?: string | null;
            value: string;
            why?: string | null;
        };
        /** @description A feed, and how it goes. */
        FeedRow: {
            address: string;
            /** @description Whether the articles of its entries are fetched. */
            articles: boolean;
            /** @description Whether it is pulled with the next look. */
            due: boolean;
            error?: string | null;
            etag?: string | null;
            /**
             * Format: int64
             * @description Seconds between two pulls.
             */
            every: number;
            /**
             * Format: int32
             * @description Pulls that failed in a row.
             */
            failures: number;
            /** @description `paused`, `new`, `fine` or `failing`. */
            health: string;
            /**
             * Format: int64
             * @description Things that the feed showed last.
             */
            items: number;
            /** @description `rss`, `misp-feed`, `misp-server`, `taxii`, `csv`, `list`, `folder`, `posts`, `mastodon`, `page`. */
            kind: string;
            last_modified?: string | null;
            /** Format: date-time */
            last_run?: string | null;
            /** Format: date-time */
            last_success?: string | null;
            /** @description The marking of what comes from it. */
            marking?: string | null;
            name: string;
            /**
             * Format: int64
             * @description Documents that the last pull added.
             */
            new: number;
            /**
             * Format: int64
             * @description Documents that it added in all.
             */
            new_in_all: number;
            /** Format: date-time */
            next?: string | null;
            paused: boolean;
            /** Format: int64 */
            pulls: number;
            /**
             * Format: int32
             * @description New things in one pull at most.
             */
            quota?: number | null;
            source?: string | null;
        };
        /** @description A file or folder. */
        FolderEntry: {
            /** Format: int64 */
            bytes: number;
            /** @description `folder` or `file`. */
            kind: string;
            name: string;
        };
        /** @description What lies in a folder. */
        FolderList: {
            items: components["schemas"]["FolderEntry"][];
        };
        /** @description What comes next. */
        ForecastAnswer: {
            /** @description How many documents it rests on. */
            documents: number;
            /** @description The statements, each with model, data, score and baseline. */
            forecasts: Record<string, never>[];
            subject: components["schemas"]["EntityName"];
            today: string;
        };
        /** @description A form in which the store goes out. */
        FormatRow: {
            /** @description Whether machines raise alarms with it: then only what is alive goes out. */
            detection: boolean;
            /** @description What to give as `as`. */
            name: string;
            /** @description The ending of its file. */
            suffix: string;
        };
        /** @description The forms. */
        Formats: {
            formats: components["schemas"]["FormatRow"][];
        };
        /** @description What a search found. */
        Found: {
            documents: components["schemas"]["FoundDocument"][];
            entities: components["schemas"]["EntityName"][];
            query: string;
        };
        /** @description A document with the words. */
        FoundDocument: {
            id: string;
            /** @description Its name for people. */
            label: string;
            /** @description Byte ranges of `snippet` that matched. */
            marks: number[][];
            /** @description Path or address as given. */
            name: string;
            /**
             * Format: double
             * @description The higher, the better.
             */
            rank: number;
            /** @description The best place, as plain text. */
            snippet: string;
        };
        /** @description Something that a document declares and does not show. */
        GapRow: {
            /**
             * Format: int64
             * @description How many; null when it is not said.
             */
            count?: number | null;
            /** @description The document. */
            document: string;
            /** @description `hidden`, `redacted`, `truncated`, `unread`. */
            kind: string;
            label: string;
            /**
             * Format: int64
             * @description How many of the same are shown.
             */
            shown?: number | null;
            /** @description Where the document says so. */
            span: components["schemas"]["SpanRow"];
            /** @description What is missing. */
            what: string;
        };
        /** @description What stands around a name or value. */
        Graph: {
            /** @description The node in the middle. */
            centre: string;
            /** @description Whether there is more. */
            cut: boolean;
            edges: components["schemas"]["GraphEdge"][];
            /** @description The centre first, then the most telling. */
            nodes: components["schemas"]["GraphNode"][];
        };
        /** @description A fact between two entities. */
        GraphEdge: {
            from: string;
            marking: string;
            /** Format: int64 */
            origins: number;
            /** Format: double */
            probability: number;
            relation: string;
            to: string;
        };
        /** @description One entity of a graph. */
        GraphNode: {
            /** @description `kind:value`: ask for the graph `of` it to grow it. */
            id: string;
            kind: string;
            name?: string | null;
            value: string;
            /**
             * Format: double
             * @description How telling it is beside the others, 0 to 1.
             */
            weight: number;
        };
        /** @description Findings of one title. */
        GroupRow: {
            /**
             * Format: int32
             * @description The highest, in percent.
             */
            confidence: number;
            count: number;
            /** @description The files, at most 20. */
            files: string[];
            finding: string;
            first?: string | null;
            kind: string;
            last?: string | null;
            proof: string;
            rule?: string | null;
            severity: string;
            technique?: string | null;
        };
        /** @description The findings of a hunt by what they are. */
        Groups: {
            items: components["schemas"]["GroupRow"][];
        };
        /** @description A hunt with its verdict. */
        HuntDetail: {
            by: string;
            /**
             * Format: int64
             * @description Bytes read so far.
             */
            bytes: number;
            /** Format: date-time */
            created: string;
            /** @description Why it failed. */
            failed?: string | null;
            /** Format: int64 */
            findings: number;
            id: string;
            /**
             * Format: int64
             * @description The change that keeps what was learnt.
             */
            learnt?: number | null;
            /** @description What could not be read. */
            problems: string[];
            /**
             * Format: int64
             * @description Lines and records read; 0 before the end.
             */
            records: number;
            /** Format: double */
            seconds?: number | null;
            state: string;
            /** @description The verdict with reasons, next steps, what was and was not looked at; null before the end. */
            verdict?: Record<string, never> | null;
            what: string[];
        };
        /** @description A hunt. */
        HuntRow: {
            /** @description Who began it. */
            by: string;
            /** Format: date-time */
            created: string;
            /** Format: int64 */
            findings: number;
            id: string;
            /** @description `queued`, `running`, `done`, `failed`. */
            state: string;
            /** @description `compromised`, `attempted`, `nothing-found`; null before the end. */
            verdict?: string | null;
            /** @description What is hunted through. */
            what: string[];
        };
        /** @description Files to hunt through. */
        HuntUploads: {
            files: string[];
            learn?: boolean | null;
            since?: string | null;
            time_zone?: string | null;
            until?: string | null;
            /** Format: int32 */
            year?: number | null;
        };
        /** @description A value with the role of an indicator. */
        IndicatorRow: {
            /** @description `low`, `moderate`, `high`. */
            confidence: string;
            /** @description First seen or reported. */
            first?: string | null;
            kind: string;
            /** @description Last seen or reported. */
            last?: string | null;
            /** @description The ICD-203 word. */
            likelihood: string;
            marking: string;
            /** @description Points of doubt. */
            note?: string | null;
            /**
             * Format: int64
             * @description How many origins say so.
             */
            origins: number;
            /** Format: double */
            probability: number;
            status: string;
            value: string;
        };
        /** @description What was kept; undo the change to take it back. */
        Kept: {
            /** Format: int64 */
            change: number;
            claim: string;
            /** @description The document that stands for it. */
            document: string;
        };
        /** @description An API key, without the key. */
        KeyRow: {
            ceiling: string;
            /** Format: date-time */
            created: string;
            expires?: string | null;
            /** @description The part of the key that is no secret. */
            id: string;
            /** @description The key itself: told once, when it is made. */
            key?: string;
            /** @description What it is for. */
            name: string;
            pap: string;
            revoked: boolean;
            role: string;
            user: string;
        };
        /** @description How many there are of a kind. */
        KindCount: {
            /** Format: int64 */
            count: number;
            kind: string;
        };
        /** @description How many of each kind. */
        KindCounts: {
            items: components["schemas"]["KindCount"][];
        };
        /** @description The reference data in use. */
        KnowledgeList: {
            items: Record<string, never>[];
        };
        /** @description One value and what is known of it. */
        Known: {
            /** @description As it was written. */
            asked: string;
            /** @description The list of legitimate values that has it. */
            benign?: string | null;
            /** @description `low`, `moderate`, `high`. */
            confidence?: string | null;
            /**
             * Format: int32
             * @description One past the last byte.
             */
            end?: number;
            first?: string | null;
            /** @description Null where it cannot be told. */
            kind?: string | null;
            /** @description Whether the store says something of it. */
            known: boolean;
            /** @description What it indicates. */
            labels: string[];
            last?: string | null;
            /** @description The ICD-203 word. */
            likelihood?: string | null;
            marking?: string | null;
            note?: string | null;
            /** Format: int64 */
            origins?: number | null;
            /**
             * @description Which part of it is known and what all that follows is about, where that is not the whole:
             *     `address` (a URL without its query), `host`, `domain-above`, `ipv4` (inside an IPv6 address).
             */
            part?: string;
            /** Format: double */
            probability?: number | null;
            /** @description `indicator`, `reference`, `victim`, `benign` … */
            role?: string | null;
            /**
             * Format: int32
             * @description First byte in the text.
             */
            start?: number;
            /** @description `active`, `ageing`, `expired`, `revoked`, `benign`, `undated`. */
            status?: string | null;
            /** @description Refanged and normalised. */
            value?: string | null;
        };
        /** @description One page of a list. */
        List_AuditRow: {
            /** @description The rows. */
            items: {
                /** Format: date-time */
                at: string;
                /** @description From which address. */
                from: string;
                /** @description The prefix of the key that was used. */
                key?: string | null;
                method: string;
                /** Format: int64 */
                n: number;
                /** @description `allowed` or `denied`. */
                outcome: string;
                route: string;
                /** Format: int32 */
                status: number;
                /** @description What it was about. */
                what: string;
                /** @description Empty when nobody said who he is. */
                who: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_ChangeRow: {
            /** @description The rows. */
            items: {
                /** Format: date-time */
                at: string;
                /** Format: int64 */
                change: number;
                /** Format: int64 */
                claims: number;
                /** @description What was asked for. */
                command: string;
                /** Format: int64 */
                documents: number;
                /** Format: int64 */
                gaps: number;
                /**
                 * Format: int64
                 * @description The change in whose place this one put its documents.
                 */
                replaces?: number | null;
                /**
                 * Format: int64
                 * @description The change that this one took back.
                 */
                undoes?: number | null;
                /**
                 * Format: int64
                 * @description The change that took this one back, or took its place.
                 */
                undone_by?: number | null;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_ClusterDecisionRow: {
            /** @description The rows. */
            items: {
                /** @description `merge` or `split`. */
                action: string;
                /** Format: date-time */
                at: string;
                because: string;
                /**
                 * Format: int64
                 * @description The change that keeps it: undo it to take it back.
                 */
                change: number;
                /** @description The clusters that were merged, or the one that was split. */
                clusters: string[];
                /** @description The documents of each group that was joined or kept apart, as far as they are in sight. */
                groups: components["schemas"]["DocumentName"][][];
                /**
                 * Format: int64
                 * @description The undo that took it back.
                 */
                undone_by?: number | null;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_DocumentRow: {
            /** @description The rows. */
            items: {
                /** Format: date-time */
                added: string;
                /**
                 * Format: int64
                 * @description The change that added it.
                 */
                change: number;
                /** Format: int64 */
                claims: number;
                /** @description What it was read as. */
                format: string;
                /** Format: int64 */
                gaps: number;
                /** @description Admiralty grade, as `B2`. */
                grade?: string | null;
                /** @description 32 hexadecimal digits. */
                id: string;
                /** @description Name for people. */
                label: string;
                /** @description Null when it states none. */
                marking?: string | null;
                /** @description Path or address as given. */
                name: string;
                /** @description Documents of one origin go back to one observer. */
                origin?: string | null;
                origin_label?: string | null;
                published?: string | null;
                /** Format: int64 */
                raw_bytes: number;
                /** @description Who published it. */
                source?: string | null;
                /** Format: int64 */
                text_bytes: number;
                title?: string | null;
                url?: string | null;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_EntityRow: {
            /** @description The rows. */
            items: {
                /**
                 * Format: int64
                 * @description Documents that speak of it.
                 */
                documents: number;
                /**
                 * Format: int64
                 * @description Facts of which it is a part.
                 */
                facts: number;
                kind: string;
                /** @description Its name, where the value is an identifier. */
                name?: string | null;
                value: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_FeedRow: {
            /** @description The rows. */
            items: {
                address: string;
                /** @description Whether the articles of its entries are fetched. */
                articles: boolean;
                /** @description Whether it is pulled with the next look. */
                due: boolean;
                error?: string | null;
                etag?: string | null;
                /**
                 * Format: int64
                 * @description Seconds between two pulls.
                 */
                every: number;
                /**
                 * Format: int32
                 * @description Pulls that failed in a row.
                 */
                failures: number;
                /** @description `paused`, `new`, `fine` or `failing`. */
                health: string;
                /**
                 * Format: int64
                 * @description Things that the feed showed last.
                 */
                items: number;
                /** @description `rss`, `misp-feed`, `misp-server`, `taxii`, `csv`, `list`, `folder`, `posts`, `mastodon`, `page`. */
                kind: string;
                last_modified?: string | null;
                /** Format: date-time */
                last_run?: string | null;
                /** Format: date-time */
                last_success?: string | null;
                /** @description The marking of what comes from it. */
                marking?: string | null;
                name: string;
                /**
                 * Format: int64
                 * @description Documents that the last pull added.
                 */
                new: number;
                /**
                 * Format: int64
                 * @description Documents that it added in all.
                 */
                new_in_all: number;
                /** Format: date-time */
                next?: string | null;
                paused: boolean;
                /** Format: int64 */
                pulls: number;
                /**
                 * Format: int32
                 * @description New things in one pull at most.
                 */
                quota?: number | null;
                source?: string | null;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_GapRow: {
            /** @description The rows. */
            items: {
                /**
                 * Format: int64
                 * @description How many; null when it is not said.
                 */
                count?: number | null;
                /** @description The document. */
                document: string;
                /** @description `hidden`, `redacted`, `truncated`, `unread`. */
                kind: string;
                label: string;
                /**
                 * Format: int64
                 * @description How many of the same are shown.
                 */
                shown?: number | null;
                /** @description Where the document says so. */
                span: components["schemas"]["SpanRow"];
                /** @description What is missing. */
                what: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_HuntRow: {
            /** @description The rows. */
            items: {
                /** @description Who began it. */
                by: string;
                /** Format: date-time */
                created: string;
                /** Format: int64 */
                findings: number;
                id: string;
                /** @description `queued`, `running`, `done`, `failed`. */
                state: string;
                /** @description `compromised`, `attempted`, `nothing-found`; null before the end. */
                verdict?: string | null;
                /** @description What is hunted through. */
                what: string[];
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_IndicatorRow: {
            /** @description The rows. */
            items: {
                /** @description `low`, `moderate`, `high`. */
                confidence: string;
                /** @description First seen or reported. */
                first?: string | null;
                kind: string;
                /** @description Last seen or reported. */
                last?: string | null;
                /** @description The ICD-203 word. */
                likelihood: string;
                marking: string;
                /** @description Points of doubt. */
                note?: string | null;
                /**
                 * Format: int64
                 * @description How many origins say so.
                 */
                origins: number;
                /** Format: double */
                probability: number;
                status: string;
                value: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_KeyRow: {
            /** @description The rows. */
            items: {
                ceiling: string;
                /** Format: date-time */
                created: string;
                expires?: string | null;
                /** @description The part of the key that is no secret. */
                id: string;
                /** @description The key itself: told once, when it is made. */
                key?: string;
                /** @description What it is for. */
                name: string;
                pap: string;
                revoked: boolean;
                role: string;
                user: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_MintedRow: {
            /** @description The rows. */
            items: {
                /** @description Names of clusters that it took in. */
                also: string[];
                /** @description Pairs of origins that share enough. */
                bonds: number;
                /** @description The days of its first and last step. */
                first?: string | null;
                /** @description What holds it together, the strongest first. */
                held_by: string[];
                last?: string | null;
                /** @description As `LW-3F2A91`. */
                name: string;
                origins: number;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_NameDecision: {
            /** @description The rows. */
            items: {
                /** Format: date-time */
                at: string;
                because: string;
                /**
                 * Format: int64
                 * @description The change that keeps it: undo it to take it back.
                 */
                change: number;
                /** @description What it means; the name itself where it stands alone. */
                means: components["schemas"]["EntityName"];
                name: components["schemas"]["EntityName"];
                /**
                 * Format: int64
                 * @description The undo that took it back.
                 */
                undone_by?: number | null;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_NameProposal: {
            /** @description The rows. */
            items: {
                /** @description The evidence, in words. */
                because: string[];
                /** @description When it was first said. */
                first?: string | null;
                last?: string | null;
                /** @description What it may mean. */
                means: components["schemas"]["EntityName"];
                name: components["schemas"]["EntityName"];
                /** Format: double */
                probability: number;
                /** @description `open`, `merged` or `apart`. */
                state: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_OriginRow: {
            /** @description The rows. */
            items: {
                /** @description Roots first. */
                documents: components["schemas"]["OriginDocument"][];
                id: string;
                /** @description The observer, and the title or address of the root. */
                label: string;
                /** @description Whether the root itself is in the store. */
                root_seen: boolean;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_UserRow: {
            /** @description The rows. */
            items: {
                /** @description Nothing above is shown to the user (TLP). */
                ceiling: string;
                /** Format: date-time */
                created: string;
                /** @description May not log in. */
                disabled: boolean;
                name: string;
                /** @description As `ceiling` (PAP). */
                pap: string;
                role: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_Value: {
            /** @description The rows. */
            items: unknown[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description One page of a list. */
        List_WebhookRow: {
            /** @description The rows. */
            items: {
                by: string;
                /** @description Nothing above this is told. */
                ceiling: string;
                /** Format: date-time */
                created: string;
                events: string[];
                id: string;
                /** @description The key of the signature: told once, when it is made. */
                secret?: string;
                url: string;
            }[];
            /** @description Ask for the rest with this as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description How many rows there are in all, where that is known.
             */
            total?: number | null;
        };
        /** @description Values, or a text with values in it: one of the two. */
        LookUp: {
            /** @description A log line, a mail, a report: all values that stand in it are looked up. */
            text?: string | null;
            /** @description Values or names, defanged or not; 10,000 at most. */
            values?: string[] | null;
        };
        /** @description What is known of each. */
        LookedUpAll: {
            /** @description In the order of asking, or of the text. */
            items: components["schemas"]["Known"][];
            /** @description How many are known. */
            known: number;
            /** @description How many are not. */
            unknown: number;
        };
        /** @description A cluster with what holds it together, and whose it may be. */
        MintedCluster: {
            also: string[];
            /** @description The strongest first. */
            bonds: components["schemas"]["BondRow"][];
            /** @description What its origins name: indicators, malware, tools, techniques. */
            evidence: components["schemas"]["EntityName"][];
            /** @description How much evidence there is. */
            evidence_in_all: number;
            first?: string | null;
            history: components["schemas"]["ClusterStep"][];
            last?: string | null;
            name: string;
            /** Format: double */
            none_of_these: number;
            /** @description The earliest first. */
            origins: components["schemas"]["MintedOrigin"][];
            /** @description Whose it may be, the likeliest first. */
            suspects: components["schemas"]["SuspectRow"][];
            /** @description What would change the answer. */
            would_change: string[];
        };
        /** @description One of its origins. */
        MintedOrigin: {
            id: string;
            label: string;
        };
        /** @description A cluster that the evidence holds together, in a list. */
        MintedRow: {
            /** @description Names of clusters that it took in. */
            also: string[];
            /** @description Pairs of origins that share enough. */
            bonds: number;
            /** @description The days of its first and last step. */
            first?: string | null;
            /** @description What holds it together, the strongest first. */
            held_by: string[];
            last?: string | null;
            /** @description As `LW-3F2A91`. */
            name: string;
            origins: number;
        };
        /** @description A statement that stands otherwise than before. */
        MovedFactRow: {
            /** @description Origins against it now. */
            against: number;
            /** @description Whether the new observer denies it. */
            denied: boolean;
            /** @description The document that did it. */
            document: string;
            label: string;
            /** @description Another thing, or plain text. */
            object: Record<string, never>;
            /** @description Origins for it now. */
            origins: number;
            /** Format: double */
            probability: number;
            relation: string;
            subject: components["schemas"]["EntityName"];
        };
        /** @description A statement that would be of another entity. */
        MovedRow: {
            /** @description Whether the same is said of the other entity. */
            meets: boolean;
            /** @description Another thing, or plain text. */
            object: Record<string, never>;
            /** Format: double */
            probability: number;
            relation: string;
            subject: components["schemas"]["EntityName"];
        };
        /** @description A decision on a name. */
        NameDecision: {
            /** Format: date-time */
            at: string;
            because: string;
            /**
             * Format: int64
             * @description The change that keeps it: undo it to take it back.
             */
            change: number;
            /** @description What it means; the name itself where it stands alone. */
            means: components["schemas"]["EntityName"];
            name: components["schemas"]["EntityName"];
            /**
             * Format: int64
             * @description The undo that took it back.
             */
            undone_by?: number | null;
        };
        /** @description What a decision on a name would change. */
        NamePreviewed: {
            /** @description Claims that are written with the name. */
            claims: number;
            /** @description Documents that make them. */
            documents: number;
            /** @description The marking that the decision would have. */
            marking: string;
            /** @description How many of them are made of the other entity too: there they would add up. */
            meet: number;
            /** @description Statements that would be of another entity. */
            moved: number;
            /** @description What it means today. */
            now: components["schemas"]["EntityName"];
            /** @description The first of them. */
            statements: components["schemas"]["MovedRow"][];
            /** @description What it would mean. */
            then: components["schemas"]["EntityName"];
        };
        /** @description Two names that may mean the same. */
        NameProposal: {
            /** @description The evidence, in words. */
            because: string[];
            /** @description When it was first said. */
            first?: string | null;
            last?: string | null;
            /** @description What it may mean. */
            means: components["schemas"]["EntityName"];
            name: components["schemas"]["EntityName"];
            /** Format: double */
            probability: number;
            /** @description `open`, `merged` or `apart`. */
            state: string;
        };
        /** @description What is to be decided of a name. */
        NameQuestion: {
            /** @description `merge`: it is another name of `means`; `split`: it stands alone. */
            action: string;
            because?: string | null;
            /** @description What it means, for `merge`. */
            means?: string | null;
            /** @description The name as reports write it. */
            name: string;
            /** @description Its marking; that of what is known of both where not given. */
            tlp?: string | null;
        };
        /** @description Names that may be meant. */
        Names: {
            items: components["schemas"]["EntityName"][];
        };
        /** @description A text, or the address of one; and what is known of it. */
        NewDocument: {
            /** @description Read it as this format instead of deciding by content. */
            format?: string | null;
            /** @description Its name, as `note.txt`. */
            name?: string | null;
            /** @description When: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
            published?: string | null;
            /** @description Who published it. */
            source?: string | null;
            /** @description The document itself. */
            text?: string | null;
            /** @description Its marking, as `TLP:AMBER`. */
            tlp?: string | null;
            /** @description Where to fetch it; only where the server allows it. */
            url?: string | null;
        };
        /** @description Files, and what is known of them. */
        NewDocuments: {
            file: string[];
            format?: string | null;
            published?: string | null;
            source?: string | null;
            tlp?: string | null;
        };
        /** @description A new feed. Folders, keys and private addresses are for who is at the server: `lapwing feeds add`. */
        NewFeedBody: {
            /** @description http or https. */
            address: string;
            /** @description Whether to fetch the articles of its entries; yes where not given. */
            articles?: boolean | null;
            /** @description `30m`, `1h`, `1d` or seconds; an hour where not given. */
            every?: string | null;
            /** @description Told by the content where not given. */
            kind?: string | null;
            /** @description Its host where not given. */
            name?: string | null;
            /** Format: int32 */
            quota?: number | null;
            source?: string | null;
            tlp?: string | null;
        };
        /** @description A hunt through files of the server. */
        NewHunt: {
            /** @description Keep in the store what was learnt. */
            learn?: boolean;
            /** @description Paths under the hunt folder of the server. */
            paths?: string[];
            /** @description Leave out what happened before this time (RFC 3339). */
            since?: string | null;
            /** @description The offset of times in logs that state none, as `+01:00`; UTC where not given. */
            time_zone?: string | null;
            /** @description Leave out what happened after this time. */
            until?: string | null;
            /**
             * Format: int32
             * @description The year of times in logs that state none.
             */
            year?: number | null;
        };
        /** @description A new key. */
        NewKey: {
            /** @description The user's ceiling where not given; never above it. */
            ceiling?: string | null;
            /** @description From when on it is worth nothing (RFC 3339). */
            expires?: string | null;
            /** @description What it is for. */
            name: string;
            /** @description As `ceiling`. */
            pap?: string | null;
            role?: components["schemas"]["Role"] | null;
            /** @description Whose it is; an administrator may name another user than himself. */
            user?: string | null;
        };
        /** @description A name that is new. */
        NewNameRow: {
            /** @description The first of them. */
            document: string;
            /** @description New documents that speak of it. */
            documents: number;
            kind: string;
            label: string;
            value: string;
        };
        /** @description The old password and a new one. */
        NewPassword: {
            /**
             * Format: password
             * @description 12 characters at least.
             */
            new: string;
            /** Format: password */
            old: string;
        };
        /** @description A new user. */
        NewUser: {
            /** @description `TLP:GREEN` where not given. */
            ceiling?: string | null;
            /** @description 1 to 64 letters, digits and `. - _ @ +`. */
            name: string;
            /** @description `PAP:RED` where not given. */
            pap?: string | null;
            /**
             * Format: password
             * @description 12 characters at least.
             */
            password: string;
            role: components["schemas"]["Role"];
        };
        /** @description A new webhook. */
        NewWebhook: {
            /** @description Nothing above this is told; `TLP:CLEAR` where not given. */
            ceiling?: string | null;
            /** @description Of `change`, `document`, `undo`, `hunt`. */
            events: string[];
            /** @description http or https. */
            url: string;
        };
        /** @description What changed in what is known. */
        NewsAnswer: {
            /** @description Indicators of earlier documents that new observers confirm. */
            confirmed_indicators: number;
            /** @description Documents that were added since. */
            documents: number;
            /** @description How many of them were looked at: the latest, and no long lists. */
            looked_at: number;
            /** @description Statements of earlier documents that new observers confirm or deny. */
            moved: components["schemas"]["MovedFactRow"][];
            /** @description Names that no earlier document speaks of. */
            names: components["schemas"]["NewNameRow"][];
            /** Format: date-time */
            since: string;
        };
        /** @description An order to pull a feed. */
        Ordered: {
            name: string;
            /** @description It is pulled as soon as may be; `GET /api/v1/feeds/{name}` tells how it went. */
            queued: boolean;
        };
        /** @description A document's place in its origin. */
        OriginDocument: {
            /** @description What it was made from; null for a root. */
            derived_from?: string | null;
            /** @description Admiralty grade, as `B2`. */
            grade: string;
            id: string;
            label: string;
            /**
             * Format: double
             * @description How sure that is.
             */
            probability: number;
            why?: string | null;
        };
        /** @description Documents that go back to one observer. */
        OriginRow: {
            /** @description Roots first. */
            documents: components["schemas"]["OriginDocument"][];
            id: string;
            /** @description The observer, and the title or address of the root. */
            label: string;
            /** @description Whether the root itself is in the store. */
            root_seen: boolean;
        };
        /** @description A cluster in short. */
        OutlineRow: {
            bonds: number;
            likeliest?: components["schemas"]["SuspectRow"] | null;
            name: string;
            /** Format: double */
            none_of_these: number;
            /** @description Its origins by name. */
            origins: string[];
        };
        /** @description A passage of the copy beside that of its source. */
        PassageRow: {
            child: components["schemas"]["SpanRow"];
            child_text: string;
            parent: components["schemas"]["SpanRow"];
            parent_text: string;
            /**
             * Format: double
             * @description Share of its words that are the same, weighted by rarity.
             */
            share: number;
        };
        /**
         * @description What a route asks of who calls it.
         * @enum {string}
         */
        Permission: "open" | "read" | "analyse" | "publish" | "collect" | "administer";
        /** @description What went wrong, as RFC 9457 wants it told. */
        Problem: {
            /** @description What happened, for people. */
            detail: string;
            /** @description What to do. */
            hint?: string | null;
            /** @description Names that come near the one that is not known. */
            near?: string[];
            /**
             * Format: int32
             * @description The status.
             * @example 404
             */
            status: number;
            /**
             * @description The words of the status.
             * @example Not Found
             */
            title: string;
            /**
             * @description Always `about:blank`: the status says which kind it is.
             * @example about:blank
             */
            type: string;
        };
        /**
         * @description What a user or key is for.
         * @enum {string}
         */
        Role: "reader" | "analyst" | "publisher" | "feed" | "admin";
        /** @description What an analyst says of a statement. */
        Said: {
            /** @description `reject`, `confirm`, `add` or `correct`. */
            action: string;
            /** @description The claim that it is about: then nothing else is needed to reject or confirm. */
            claim?: string | null;
            /** @description The document that it is about. */
            document?: string | null;
            object?: components["schemas"]["SaidObject"] | null;
            /** @description The verb, as `role`, `uses`. */
            relation?: string | null;
            subject?: components["schemas"]["EntityName"] | null;
            /** @description Its marking; that of what it is about where not given. */
            tlp?: string | null;
            why?: string | null;
        };
        /** @description Another thing, or plain text. */
        SaidObject: string | components["schemas"]["EntityName"];
        /** @description Who is logged in. */
        SessionInfo: {
            /** @description To be sent as `X-CSRF-Token` with every write; null where none is needed. */
            csrf?: string | null;
            /** @description What he may do. */
            may: components["schemas"]["Permission"][];
            /** @description `open`: nobody has to log in; `users`: everybody has to. */
            mode: string;
            user?: components["schemas"]["SessionUser"] | null;
            /** @description Version of the program. */
            version: string;
        };
        /** @description The one who is logged in. */
        SessionUser: {
            /** @description Nothing above is shown to him (TLP). */
            ceiling: string;
            name: string;
            /** @description As `ceiling` (PAP). */
            pap: string;
            role: components["schemas"]["Role"];
        };
        /** @description A byte range of a document's text. */
        SpanRow: {
            /** Format: int32 */
            end: number;
            /** Format: int32 */
            start: number;
        };
        /** @description An actor whose activity it may be. */
        SuspectRow: {
            actor: string;
            because: string[];
            /** Format: double */
            probability: number;
        };
        /** @description A tactic of ATT&CK. */
        TacticName: {
            /** @description As `initial-access`. */
            id: string;
            /** @description As `Initial Access`. */
            name: string;
        };
        /** @description A technique with what is said of it. */
        Technique: {
            /** @description Facts that name it. */
            facts: number;
            /** @description As `T1190`. */
            id: string;
            name?: string | null;
            /**
             * Format: double
             * @description The probability of the likeliest.
             */
            probability: number;
            /** @description As `initial-access`. */
            tactics: string[];
            /** @description Who uses it. */
            used_by: components["schemas"]["EntityName"][];
        };
        /** @description The techniques of ATT&CK that the store speaks of, for a matrix. */
        Techniques: {
            items: components["schemas"]["Technique"][];
            /** @description The columns of the matrix, in their order. */
            tactics: components["schemas"]["TacticName"][];
        };
        /** @description Dated events, the oldest first. */
        Timeline: {
            /** @description Whether there is more than was asked for. */
            cut: boolean;
            items: components["schemas"]["TimelineMoment"][];
        };
        /** @description Something with a date. */
        TimelineMoment: {
            /** @description `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
            date: string;
            /** @description The document that was published. */
            document?: string | null;
            /** @description `published`, `first-seen`, `last-seen`, `fixed-on`. */
            kind: string;
            /** @description Of what, where it is one thing. */
            subject?: string | null;
            /** @description In words. */
            what: string;
        };
        /** @description What an undo did. */
        Undone: {
            /**
             * Format: int64
             * @description The undo itself: undo it to bring all back.
             */
            change: number;
            /** @description Documents that went out of sight. */
            hidden: string[];
            /** @description Documents that came back into sight. */
            shown: string[];
            /**
             * Format: int64
             * @description The change that was taken back.
             */
            undone: number;
        };
        /** @description What is to be another of a user. */
        UserChange: {
            ceiling?: string | null;
            disabled?: boolean | null;
            pap?: string | null;
            /** Format: password */
            password?: string | null;
            role?: components["schemas"]["Role"] | null;
        };
        /** @description A user. */
        UserRow: {
            /** @description Nothing above is shown to the user (TLP). */
            ceiling: string;
            /** Format: date-time */
            created: string;
            /** @description May not log in. */
            disabled: boolean;
            name: string;
            /** @description As `ceiling` (PAP). */
            pap: string;
            role: string;
        };
        /** @description Who is told of changes. */
        WebhookRow: {
            by: string;
            /** @description Nothing above this is told. */
            ceiling: string;
            /** Format: date-time */
            created: string;
            events: string[];
            id: string;
            /** @description The key of the signature: told once, when it is made. */
            secret?: string;
            url: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
