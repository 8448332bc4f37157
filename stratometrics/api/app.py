# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""The WSGI application, put together in one place."""

from wsgiref import types as wsgi
import zoneinfo

from keystoneauth1 import exceptions as keystone_exceptions
from keystonemiddleware import auth_token
from oslo_config import cfg
from oslo_log import log as logging
from oslo_middleware import cors
from oslo_middleware import http_proxy_to_wsgi
from oslo_middleware import request_id
from oslo_middleware import sizelimit
import pecan

from stratometrics import policy
from stratometrics.api import collection
from stratometrics.api import cors as cors_defaults
from stratometrics.api import health
from stratometrics.api import parameters
from stratometrics.api.controllers import base
from stratometrics.api.controllers import root
from stratometrics.api.controllers import v1
from stratometrics.api.middleware import admission
from stratometrics.api.middleware import allowance
from stratometrics.api.middleware import context
from stratometrics.api.middleware import fault
from stratometrics.api.middleware import gate
from stratometrics.api.middleware import request_log
from stratometrics.api.middleware import screening
from stratometrics.api.middleware import sending
from stratometrics.api.middleware import token_cache
from stratometrics.conf import api as api_conf
from stratometrics.model import timestamps
from stratometrics.notifications import definitions
from stratometrics.rating import billing
from stratometrics.rating import exporting
from stratometrics.rating import issuing
from stratometrics.rating.rendering import page
from stratometrics.storage import base as storage_base
from stratometrics.storage.clickhouse import driver

LOG = logging.getLogger(__name__)


class ConfigurationError(Exception):
    """The service cannot start like this; str() says what to change."""


def load(conf: cfg.ConfigOpts) -> wsgi.WSGIApplication:
    """The WSGI application that the configuration describes.

    It connects to nothing before its first request, so that one loaded
    before a fork can be used after it.

    :raises ConfigurationError: an option has a value that cannot be used.
    :raises stratometrics.policy.PolicyFileError: a policy file has.
    :raises DefinitionError: a definition cannot be used.
    """
    return make_application(
        conf,
        driver.get_storage(conf, conf.api.max_working),
        definitions.Definitions.load(conf.definitions.directory),
    )


def make_application(
    conf: cfg.ConfigOpts,
    storage: storage_base.Storage,
    found: definitions.Definitions,
) -> wsgi.WSGIApplication:
    """Everything from the socket to the storage.

    :param conf: the configuration, with the service's options registered.
    :param storage: what answers questions.
    :param found: the resource types that there are.
    :returns: a WSGI application.
    :raises ConfigurationError: an option has a value that cannot be used.
    :raises stratometrics.policy.PolicyFileError: a policy file has.
    """
    application = pecan.make_app(
        controllers(conf, storage, found),
        use_context_locals=False,
        force_canonical=False,
        guess_content_type_from_ext=False,
        request_cls=base.Request,
        default_renderer='json',
    )
    application = gate.Gate(application, _guarded(conf, application))
    application = screening.Screening(application)
    # Below the fault, so that a body that is too large is an error like any
    # other; nothing above it looks into the body.
    application = sizelimit.RequestBodySizeLimiter(application, conf)
    application = fault.Fault(application)
    application = request_log.RequestLog(application)
    application = request_id.RequestId(application, conf)
    application = http_proxy_to_wsgi.HTTPProxyToWSGI(application, conf)
    cors_defaults.set_defaults()
    return cors.CORS(application, conf)


def controllers(
    conf: cfg.ConfigOpts,
    storage: storage_base.Storage,
    found: definitions.Definitions,
) -> root.RootController:
    """All paths that there are: the controller above all others.

    :raises ConfigurationError: an option has a value that cannot be used.
    :raises stratometrics.policy.PolicyFileError: a policy file has.
    """
    return root.RootController(
        health.Health(storage, conf.api.healthcheck_disable_file),
        v1.V1Controller(_service(conf, storage, found)),
    )


def _service(
    conf: cfg.ConfigOpts,
    storage: storage_base.Storage,
    found: definitions.Definitions,
) -> v1.Service:
    # Before processes are forked that share it.
    page.preload()
    rules = parameters.Rules(
        zone=_zone(conf),
        max_period_days=conf.api.max_period_days,
        max_buckets=conf.api.max_buckets,
        max_results=conf.api.max_results,
        max_charges=conf.api.max_charges,
        max_page_lines=conf.api.max_page_lines,
        settling_time=conf.api.settling_time * timestamps.MICROSECONDS,
    )
    biller = billing.Biller(
        storage,
        found.resource_types,
        rules.zone,
        conf.rating.rounding,
        conf.api.max_charges,
    )
    return v1.Service(
        storage=storage,
        enforcer=policy.Enforcer(conf),
        rules=rules,
        collections=collection.collections(found),
        definitions=found,
        silent_after=conf.coverage.silent_after * timestamps.MICROSECONDS,
        issuer=issuing.Issuer(
            storage,
            found,
            issuing.Terms(
                zone=rules.zone,
                rounding=conf.rating.rounding,
                settling_time=rules.settling_time,
                most=rules.max_charges,
            ),
        ),
        appearance=_appearance(conf),
        biller=biller,
        exporter=exporting.Exporter(
            storage,
            biller,
            rules.zone,
            conf.rating.rounding,
            conf.statements.issuer,
        ),
    )


def _appearance(conf: cfg.ConfigOpts) -> page.Appearance:
    try:
        return page.Appearance.from_conf(conf)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def _zone(conf: cfg.ConfigOpts) -> zoneinfo.ZoneInfo:
    try:
        return api_conf.zone(conf)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


def _guarded(
    conf: cfg.ConfigOpts, application: wsgi.WSGIApplication
) -> wsgi.WSGIApplication:
    """The same for those that are known, as many as can be served."""
    capacity = admission.Capacity.from_options(conf.api)
    application = allowance.Allowance(application, conf.api.request_timeout)
    application = admission.Turnstile(application, capacity)
    application = _authenticated(conf, application)
    application = sending.Sending(application, conf.api.request_timeout)
    return admission.Door(application, capacity)


def _authenticated(
    conf: cfg.ConfigOpts, application: wsgi.WSGIApplication
) -> wsgi.WSGIApplication:
    if conf.api.auth_strategy == 'noauth':
        LOG.warning(
            'Nobody is authenticated and everybody is an administrator: '
            '[api]/auth_strategy is noauth'
        )
        return context.EverybodyIsAdmin(application)
    try:
        guarded = auth_token.AuthProtocol(
            context.KeystoneContext(application),
            {
                'oslo_config_config': conf,
                'cache': token_cache.ENVIRON_KEY,
                # Nothing here asks for it, and it is most of what Keystone
                # says of a token in a large cloud.
                'include_service_catalog': False,
            },
        )
    except keystone_exceptions.ClientException as error:
        raise ConfigurationError(f'[keystone_authtoken]: {error}') from error
    section = conf.keystone_authtoken.auth_section or 'keystone_authtoken'
    if not conf[section].auth_type:
        raise ConfigurationError(
            f'[{section}]/auth_type is not set: the service needs credentials '
            'of its own to have tokens checked'
        )
    if conf.keystone_authtoken.memcached_servers:
        return guarded
    return token_cache.Remembering(guarded)
