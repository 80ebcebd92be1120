"""Every setting, in sections, from the environment only. A wrong value refuses to start."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from environs import Env, validate

from config.secrets import secret, secrets

env = Env()

# --- where things are -------------------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
if urlsplit(PUBLIC_URL).scheme not in {"http", "https"}:
    raise ImproperlyConfigured("PUBLIC_URL must start with http:// or https://")

# --- secrets ----------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = secret("SECRET_KEY", VAR_DIR)
ENCRYPTION_KEYS = secrets("ENCRYPTION_KEYS", VAR_DIR)

# --- who may call, and how --------------------------------------------------------------------
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", [urlsplit(PUBLIC_URL).hostname or "", "localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_AGE = 14 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
SECURE_CSP: dict[str, Any] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

# --- the parts --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "copilot",
    "interactions",
    "customers",
    "people",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "lucide",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "people.zone.PersonZoneMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_USER_MODEL = "people.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- PostgreSQL holds the truth ---------------------------------------------------------------
PROCESS = env.str("RAPPORT_PROCESS", "worker", validate=validate.OneOf(["web", "worker"]))
DATABASE_URL = env.str("DATABASE_URL", "")
if not DATABASE_URL:
    raise ImproperlyConfigured(
        "DATABASE_URL is not set. `make run` starts an embedded PostgreSQL and sets it; "
        "for your own server use postgres://user:password@host:5432/name."
    )
_LIMITS = "-c lock_timeout=2000 -c idle_in_transaction_session_timeout=30000"
# Django joins in a person's order; to try every order of ten tables took ten times what the query takes.
_LIMITS += " -c join_collapse_limit=4"
_OPTIONS: dict[str, Any] = {"options": _LIMITS, "connect_timeout": 2}
if PROCESS == "web":
    _OPTIONS["options"] = f"{_LIMITS} -c statement_timeout=5000"
    _OPTIONS["pool"] = {"min_size": 1, "max_size": 8, "timeout": 2}
DATABASES = {"default": {**env.dj_db_url("DATABASE_URL"), "OPTIONS": _OPTIONS, "CONN_MAX_AGE": 0}}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server.")
if PROCESS == "worker":
    DATABASES["default"] |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}

# --- Valkey rings the bell --------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
if not REDIS_URL:
    raise ImproperlyConfigured(
        "REDIS_URL is not set. `make run` starts an embedded Valkey and sets it; "
        "for your own server use redis://:password@host:6379/0."
    )
# Throttles only; kept in the process so that a frozen Valkey never holds a request up.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 6.0
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_TASK_DEFAULT_QUEUE = "learning"
CELERY_TASK_ROUTES = {
    "interactions.tasks.apply_events": {"queue": "inbox"},
    "interactions.tasks.apply_history": {"queue": "fetching"},
    "interactions.tasks.fetch": {"queue": "fetching"},
    "interactions.tasks.deliver": {"queue": "sending"},
    "interactions.tasks.ask_arrived": {"queue": "sending"},
    "copilot.tasks.draft": {"queue": "drafting"},
    "copilot.tasks.alternative": {"queue": "drafting"},
    "copilot.tasks.explore": {"queue": "drafting"},
    "copilot.tasks.rehearse": {"queue": "fetching"},
    "copilot.tasks.count_topic": {"queue": "learning"},
    "copilot.tasks.learn": {"queue": "learning"},
    "copilot.tasks.read": {"queue": "learning"},
    "copilot.tasks.mail_daily": {"queue": "learning"},
}
CELERY_TIMEZONE = "UTC"

# --- the copilot ------------------------------------------------------------------------------
ANTHROPIC_API_KEY = env.str("ANTHROPIC_API_KEY", "")
ANTHROPIC_BASE_URL = env.str("ANTHROPIC_BASE_URL", "")
COPILOT_MODEL = env.str("COPILOT_MODEL", "claude-sonnet-5-5")
COPILOT_TIMEOUT_SECONDS = env.int("COPILOT_TIMEOUT_SECONDS", 60, validate=validate.Range(1, 80))
# What one prompt may hold below its rules, as estimated; a small model of one's own may need fewer.
COPILOT_CONTEXT_TOKENS = env.int("COPILOT_CONTEXT_TOKENS", 16_000, validate=validate.Range(1_000, 500_000))
EMBEDDER = env.str("EMBEDDER", "")  # `none`, or a class; unset: the group `embedder`'s, where it is installed
DRAFT_DEBOUNCE_SECONDS = env.float("DRAFT_DEBOUNCE_SECONDS", 2.0, validate=validate.Range(0, 60))
UNDO_SECONDS = env.int("UNDO_SECONDS", 10, validate=validate.Range(0, 60))
ALLOW_LOOPBACK_TARGETS = env.bool("ALLOW_LOOPBACK_TARGETS", False)

# --- mail -------------------------------------------------------------------------------------
MAIL_HOST = env.str("MAIL_HOST", "")
MAIL_FROM = env.str("MAIL_FROM", "Rapport <support@localhost>")
_SMTP: dict[str, Any] = {
    "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "OPTIONS": {
        "host": MAIL_HOST,
        "port": env.int("MAIL_PORT", 587),
        "username": env.str("MAIL_USER", ""),
        "password": env.str("MAIL_PASSWORD", ""),
        "use_tls": env.bool("MAIL_TLS", True),
        "timeout": 20,
    },
}
_FILES: dict[str, Any] = {
    "BACKEND": "interactions.channels.mail_files.EmailBackend",
    "OPTIONS": {"file_path": str(VAR_DIR / "mail")},
}
MAILERS = {"default": _SMTP if MAIL_HOST else _FILES}
DEFAULT_FROM_EMAIL = MAIL_FROM
DAILY_MAIL_HOUR = env.int("DAILY_MAIL_HOUR", 7, validate=validate.Range(0, 23))  # in each person's own zone

# --- signing in -------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "people.adapter.NoSignup"
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/me/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# `manage.py collectstatic` with STATIC_COLLECTED=1 prepares hashed files, as the image does.
STATIC_COLLECTED = env.bool("STATIC_COLLECTED", False)
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "config.static.HashedStatic"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "media"

# --- REST -------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["copilot.api.keys.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["copilot.api.keys.HasKey"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "copilot.api.pages.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["copilot.api.keys.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"key": env.str("API_RATE", "1800/min")},
    "EXCEPTION_HANDLER": "copilot.api.problems.as_problem",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Rapport",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [],  # each field lists its own values
}

# --- logs: ids and states, never what a customer wrote ------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "config.lines.Line", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "anthropic": {"level": "WARNING"}},
}
