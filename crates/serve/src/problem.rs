use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lapwing_engine::store::StoreError;
use lapwing_engine::{EngineError, ErrorKind};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, as RFC 9457 wants it told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says which kind it is.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "about:blank")]
    pub kind: &'static str,
    /// The words of the status.
    #[schema(value_type = String, example = "Not Found")]
    pub title: &'static str,
    /// The status.
    #[schema(example = 404)]
    pub status: u16,
    /// What happened, for people.
    pub detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub hint: Option<Box<str>>,
    /// Names that come near the one that is not known.
    #[serde(skip_serializing_if = "no_names")]
    #[schema(value_type = Vec<String>, required = false)]
    pub near: Box<[String]>,
    /// Seconds after which to try again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
    /// What only the server's log may tell.
    #[serde(skip)]
    pub log: Option<Box<str>>,
}

fn no_names(names: &[String]) -> bool {
    names.is_empty()
}

/// Seconds after which a store that another process writes to may be free.
const LOCKED_RETRY: u64 = 5;

impl Problem {
    /// A problem of this status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            hint: None,
            near: Box::default(),
            retry_after: None,
            log: None,
        }
    }

    /// 400: the request cannot be understood.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 422: the request is understood and cannot be done as it is.
    pub fn unfit(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// 404.
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 413.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    /// 503 with the seconds after which to try again.
    pub fn busy(detail: impl Into<String>, retry_after: u64) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after: Some(retry_after), ..problem }
    }

    /// 500: `why` goes to the log only.
    pub fn fault(why: impl Into<String>) -> Self {
        let detail = "this could not be done; the server's log tells why";
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail);
        Self { log: Some(why.into().into_boxed_str()), ..problem }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into().into_boxed_str()), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let Some(why) = &self.log {
            tracing::error!(status = self.status, "{why}");
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let ways = HeaderValue::from_static("Bearer realm=\"lapwing\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // The path of the store is nobody's business but the administrator's.
        match &error {
            StoreError::Locked { .. } => {
                Self::busy("another process is writing to the store", LOCKED_RETRY)
            }
            StoreError::ReadOnly { .. } => {
                Self::busy("the store cannot be written", LOCKED_RETRY * 12)
            }
            StoreError::Full { .. } => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "no room is left on the server's disk; nothing of this was kept",
            ),
            StoreError::UnknownChange(_) => Self::unknown(error.to_string()),
            StoreError::AlreadyUndone { .. } => Self::new(StatusCode::CONFLICT, error.to_string()),
            StoreError::Missing { .. } => Self::busy("there is no store", LOCKED_RETRY * 12),
            _ => Self::fault(error.to_string()),
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let hint = error.hint().map(String::into_boxed_str);
        let problem = match error {
            EngineError::Store(error) => return error.into(),
            EngineError::Unknown { ref near, .. } => {
                let names = near.clone().into_boxed_slice();
                let hint = (!near.is_empty())
                    .then(|| format!("did you mean: {}", near.join(", ")).into_boxed_str());
                return Self { near: names, hint, ..Self::unknown(error.to_string()) };
            }
            error if error.kind() == ErrorKind::User => Self::unfit(error.to_string()),
            error => Self::fault(error.to_string()),
        };
        Self { hint: problem.log.is_none().then_some(hint).flatten(), ..problem }
    }
}
