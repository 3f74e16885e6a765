<?php
// A plug-in, as schools have them: hidden pages, clubs that only the sitemap lists, a closed API.
add_filter( 'wp_robots', fn( $robots ) => is_page( 'hidden' ) ? wp_robots_no_robots( $robots ) : $robots );
add_filter( 'robots_txt', fn( $text ) => $text . "Disallow: /private/\n" );
add_action( 'init', fn() => register_post_type( 'club', array( 'public' => true, 'label' => 'Clubs' ) ) );
add_filter(
	'rest_authentication_errors',
	function ( $result ) {
		$status = (int) get_option( 'school_closed_api' );
		return $status ? new WP_Error( 'rest_cannot_access', 'Closed', array( 'status' => $status ) ) : $result;
	}
);
add_filter(
	'rest_endpoints',
	function ( $endpoints ) {
		return get_option( 'school_hides_users' )
			? array_filter( $endpoints, fn( $route ) => ! str_contains( $route, '/users' ), ARRAY_FILTER_USE_KEY )
			: $endpoints;
	}
);
// As plug-ins that make pages smaller do: styles, scripts and filters are most of a page and say nothing of it.
add_action( 'template_redirect', fn() => ob_start( fn( $page ) => preg_replace( '#<(style|script|svg)\b.*?</\1>\s*#s', '', $page ) ) );
